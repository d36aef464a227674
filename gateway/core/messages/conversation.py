"""The stable id of a conversation: one staff-student pair over all channels."""

from __future__ import annotations

import hashlib


def conversation_id(staff: str, student: str) -> str:
    """A hash of the sourcedIds of the pair; for an unknown student, of the address."""
    return hashlib.sha256(f"{len(staff)}:{staff}|{student}".encode()).hexdigest()[:32]
