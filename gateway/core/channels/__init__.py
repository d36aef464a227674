"""Channels: what each one can do, and the formats of mail, SMPP 3.4 and Twilio."""
