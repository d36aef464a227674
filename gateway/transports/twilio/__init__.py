"""The transport for text messages over Twilio's HTTP API, and media downloads."""
