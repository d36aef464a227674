"""Help alerts: messages that call for help."""
