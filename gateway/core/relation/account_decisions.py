"""What administrators say about outside addresses, in the words of the audit log."""

from __future__ import annotations

ACTS = {"confirmed": "personal account confirmed", "refused": "personal account refused"}
"""The act in the audit log by the status of an account."""
ORGANIZATION_REGISTERED, ORGANIZATION_REMOVED = "organization registered", "organization removed"
