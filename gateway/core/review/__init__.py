"""What reviewers see: queue rows, near-duplicates, pseudonyms, reports, feedback."""
