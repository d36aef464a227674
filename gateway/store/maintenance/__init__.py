"""Retention and history."""
