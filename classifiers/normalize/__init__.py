"""Normalizes text: look-alike letters, spacing, word boundaries, language."""
