"""Stores of text messages: parts and SMPP binds."""
