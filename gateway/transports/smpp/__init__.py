"""The transport for text messages over SMPP."""
