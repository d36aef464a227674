"""One SMPP session over one connection, the same at both ends."""
