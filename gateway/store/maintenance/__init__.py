"""Stores of retention, the clock, past traffic and secrets."""
