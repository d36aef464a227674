"""Accounts of the console: roles, rights and grants, and where somebody signs in from."""
