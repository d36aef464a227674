"""The spaCy pipeline: from texts to findings, help, names and explanations."""
