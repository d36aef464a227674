"""Delivery decisions: when to retry, and what one attempt means for each recipient and the sender."""
