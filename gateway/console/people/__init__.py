"""Pages of a person and of a pair: how much people write to each other, when, from which accounts, and findings."""
