"""The classifier process: consumer, worker pool, self-test."""
