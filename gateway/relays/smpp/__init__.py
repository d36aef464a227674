"""The way in by SMPP."""
