"""Fits, exports and reopens the encoders. Needs torch."""
