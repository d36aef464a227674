"""Delivered messages that people look at: flags, the sample of clean messages, and the shadow week."""
