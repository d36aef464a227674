"""The store of help alerts."""
