"""What reviewers see: rows of the queue, near-duplicates, pseudonyms, reports, feedback."""
