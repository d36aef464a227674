"""From bytes to text as mail programs do it, and what letters, marks and signs a text has."""
