"""The messages that a staff member wrote, for that staff member."""
