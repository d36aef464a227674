"""Tests of the console: reports."""
