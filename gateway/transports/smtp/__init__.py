"""The way out by SMTP."""
