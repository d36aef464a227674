"""Policy versions."""
