"""Text messages: parts and SMPP binds."""
