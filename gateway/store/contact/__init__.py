"""Contact over time in the store: the log, histories of pairs, what is usual, and findings."""
