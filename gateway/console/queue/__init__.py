"""The queue of held messages."""
