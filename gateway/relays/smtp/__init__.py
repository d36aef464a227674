"""The relay for mail over SMTP."""
