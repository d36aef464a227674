"""Stores of reports and records requests."""
