"""The names that mails use for what they declare."""
