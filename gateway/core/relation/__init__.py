"""Who writes to whom: the staff-student pairs of a message."""
