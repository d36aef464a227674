"""Reading content: header section, MIME parts, HTML and what it hides, character sets, our seal."""
