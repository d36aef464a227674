"""The store's engine: connections, statements, group commit."""
