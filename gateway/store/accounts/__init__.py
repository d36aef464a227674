"""Stores of accounts, sign-in and grants."""
