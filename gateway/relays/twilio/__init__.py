"""The way in by HTTP, in Twilio's protocol."""
