"""Signing in: passwords, OpenID Connect, passkeys, sessions, roles."""
