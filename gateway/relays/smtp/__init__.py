"""The way in by SMTP."""
