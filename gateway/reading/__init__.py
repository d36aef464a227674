"""Reads content in child processes, so that no content can slow or end the serving process."""
