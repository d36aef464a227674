"""The migrations of the store in order, upgrading to the newest, and looking at a store before that."""
