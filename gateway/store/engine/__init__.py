"""The database: connections, dialects, group commit, columns, upgrade."""
