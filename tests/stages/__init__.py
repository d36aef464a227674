"""One step of the way at a time."""
