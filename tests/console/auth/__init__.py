"""Tests of the console: auth."""
