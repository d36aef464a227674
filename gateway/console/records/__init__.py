"""Records requests: everything that is kept about a person, as a file."""
