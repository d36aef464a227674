"""Urgency: notices of urgent messages, and the webhook."""
