"""Personal accounts: guesses to confirm or refuse, organizations, unknown district addresses."""
