"""Finds writing that nobody reads as it stands: codes, letters apart, drawings, words in addresses."""
