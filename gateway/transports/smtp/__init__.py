"""The transport for mail over SMTP."""
