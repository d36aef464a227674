"""Tests of the console: cases."""
