"""Calls for help."""
