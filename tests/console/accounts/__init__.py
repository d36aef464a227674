"""Tests of the console: accounts."""
