"""The audit log as accounts may read it."""
