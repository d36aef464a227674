"""The relation of a message: its staff-student pairs."""
