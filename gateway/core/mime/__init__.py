"""Reading mail: header section, MIME parts, HTML with hidden text, character sets, and the seal."""
