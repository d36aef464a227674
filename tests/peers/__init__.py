"""Real servers that the tests talk to: each says what it lacks on this machine, and runs in a folder of its own."""
