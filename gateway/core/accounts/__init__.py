"""Accounts of the console: roles and rights, grants, where somebody signs in from."""
