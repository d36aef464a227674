"""Records on the bus, and checked JSON fields."""
