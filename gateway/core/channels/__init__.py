"""The channels: mail and text messages (SMPP 3.4, Twilio), and what each can do."""
