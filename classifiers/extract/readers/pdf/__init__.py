"""Reads PDF: pages as they are drawn, and the strings and files in all objects."""
