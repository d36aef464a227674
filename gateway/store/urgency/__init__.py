"""The store of urgency: messages that ask for attention, and notices over the webhook."""
