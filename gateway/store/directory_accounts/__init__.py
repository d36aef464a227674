"""Addresses beside the roster: personal accounts, organizations, unknown addresses."""
