"""Tests of the console: web."""
