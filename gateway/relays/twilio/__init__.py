"""The relay for text messages over HTTP, in Twilio's protocol."""
