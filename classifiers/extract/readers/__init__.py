"""Readers of file formats: each turns the bytes of a file into text, and says what it could not read."""
