"""From bytes to text: MIME parts, documents, quoted replies."""
