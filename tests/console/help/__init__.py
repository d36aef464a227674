"""Tests of help alerts."""
