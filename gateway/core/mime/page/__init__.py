"""A page of HTML: its elements in the order of browsers, and its text with who sees it."""
