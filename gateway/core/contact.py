"""Contact between one staff member and one student over time: conversations and their counters (clause 5, clause 9)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


def conversation(staff: str, student: str) -> str:
    """The stable name of a staff-student pair over both channels: a hash of the two sourcedIds (or addresses)."""
    return hashlib.sha256(f"{len(staff)}:{staff}|{student}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Counters:
    """What the store counts of one conversation up to a message, that message included.

    `day` and `week`: messages of the pair in the last 24 hours and 7 days; `night_week`: those at night by the
    district's clock; `alone_week`: those with no recipient outside the pair; `outside_week`: those to or from a known
    personal account; `sender_students_hour`: different students that this message's sender wrote to within an hour.
    """

    day: int = 0
    week: int = 0
    night_week: int = 0
    alone_week: int = 0
    outside_week: int = 0
    sender_students_hour: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of the contact log: one message of one conversation, written when the message is accepted."""

    conversation: str
    staff: str
    student: str
    night: bool
    alone: bool
    outside: bool
