"""The pure core: values and functions without await, clock, environment or I/O."""
