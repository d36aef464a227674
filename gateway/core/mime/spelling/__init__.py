"""Whether letters spell words."""
