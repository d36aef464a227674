"""JSON as it is written and read: records on the bus, checked fields."""
