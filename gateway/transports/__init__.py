"""Transports, where messages go out to next hops: SMTP, SMPP and HTTP."""
