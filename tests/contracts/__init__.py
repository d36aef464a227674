"""One suite for each port, over the real adapter and its twin."""
