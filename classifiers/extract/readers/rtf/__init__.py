"""RTF: its words, and the reader of its text."""
