"""Administration: accounts, contacts, groups and the roster."""
