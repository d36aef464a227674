"""Tests of signing in and permissions."""
