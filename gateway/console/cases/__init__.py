"""Cases, evidence packs, legal holds."""
