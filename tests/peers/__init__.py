"""Real servers for the tests. Each module tells what is missing on this machine and runs its server in a folder."""
