"""Text made comparable: look-alike letters, spacing, word boundaries, language."""
