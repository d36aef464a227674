"""Readers of Office files: packages of XML parts, compound files of the binary formats, Outlook's messages."""
