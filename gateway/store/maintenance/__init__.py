"""Stores of retention, past traffic and secrets."""
