"""Accounts, identities, sessions, grants."""
