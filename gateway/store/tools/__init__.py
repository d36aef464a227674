"""The store of classroom tools."""
