"""The way out by HTTP, in Twilio's protocol, and its media."""
