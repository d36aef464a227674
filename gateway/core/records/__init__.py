"""Records requests: what is kept about a person, with others masked."""
