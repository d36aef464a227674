"""Observability: the event log with its metrics, and the HTTP server for Prometheus and health checks."""
