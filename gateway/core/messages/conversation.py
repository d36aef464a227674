"""The stable name of a conversation: one staff-student pair over all channels."""

from __future__ import annotations

import hashlib


def conversation(staff: str, student: str) -> str:
    """The stable name of a staff-student pair over both channels: a hash of the two sourcedIds (or addresses)."""
    return hashlib.sha256(f"{len(staff)}:{staff}|{student}".encode()).hexdigest()[:32]
