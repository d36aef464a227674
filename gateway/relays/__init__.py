"""The ways in: SMTP, SMPP, and HTTP as Twilio speaks it."""
