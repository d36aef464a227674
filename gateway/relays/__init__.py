"""Relays, where messages come in: SMTP, SMPP and HTTP."""
