"""Cases and legal holds."""
