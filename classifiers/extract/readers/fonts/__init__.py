"""Fonts inside documents: what wraps them, their tables, and whether they show the letters that a text says."""
