"""Stores of cases and legal holds."""
