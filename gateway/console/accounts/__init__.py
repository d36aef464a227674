"""One's own account, API tokens, grants of content."""
