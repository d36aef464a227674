"""The classifiers: they read messages from the bus and answer with verdicts."""
