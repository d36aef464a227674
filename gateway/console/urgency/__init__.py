"""Messages that ask for attention: urgent ones that were delivered, and those of distress."""
