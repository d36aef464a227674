"""A person's page and a pair's page: who writes with whom, how much, when, on which accounts, with which findings."""
