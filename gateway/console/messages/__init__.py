"""One message: its text, conversation, names and attachments."""
