"""The relay for text messages over SMPP."""
