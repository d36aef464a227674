"""The configuration file and its units."""
