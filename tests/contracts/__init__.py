"""One suite for each port, on the real adapter and its twin."""
