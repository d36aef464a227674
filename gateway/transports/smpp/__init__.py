"""The way out by SMPP."""
