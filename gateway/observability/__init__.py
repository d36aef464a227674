"""Events, logs and metrics, and the HTTP endpoint that serves them."""
