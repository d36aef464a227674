"""The store of contact over time: a pair's history, what was found, what is usual, and rebuilding the log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from gateway.core.contact.calendar import NightHours
from gateway.core.contact.history import ContactRow, Usual
from gateway.core.contact.person import PersonContact, RaisedMessage


@dataclass(frozen=True, slots=True)
class LogRules:
    """What the log of contact depends on beside the messages: the district's time zone and the policy's night."""

    time_zone: tzinfo
    night: NightHours


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding about a pair in words, with the message at which it arose."""

    message_id: str
    at: float
    clause: str
    limit: str
    text: str
    flags: bool


@dataclass(frozen=True, slots=True)
class PairContact:
    """A pair's contact since a time. `rows` are one-to-one or on a personal account; `total` counts class mail too."""

    rows: tuple[ContactRow, ...]
    total: int
    usual: Usual | None
    findings: tuple[StoredFinding, ...]


class ContactStore(Protocol):
    """Contact over time."""

    async def pair(self, staff: str, student: str, since: float) -> PairContact:
        """The contact of one staff member (sourcedId) and one student since a time."""

    async def person(self, person: str, *, by_staff: bool, since: float) -> PersonContact:
        """The contact since a time of a person (sourcedId) as staff, or as a student, with everybody."""

    async def raised(self, staff: str, student: str, since: float) -> Sequence[RaisedMessage]:
        """The counted messages of a pair since a time that were flagged, held or alerted, the newest first."""

    async def findings_of(self, message_id: str) -> Sequence[StoredFinding]:
        """What was found at one message."""

    async def update_usual(self, week: int, schools: Callable[[str], Collection[str]]) -> bool:
        """Compute what is usual before a week, unless that is done. Returns whether it was computed.

        `schools` returns the buildings of a staff member.
        """

    async def forget_usual(self) -> None:
        """Delete what is usual, so that it is computed again."""

    async def rebuild(self, rules: LogRules, behind: str, since: float, limit: int) -> tuple[str, int, int]:
        """Write the log of messages accepted since a time again, in order of their ids, from behind an id on.

        At most `limit` messages. Returns the last id ("" at the end), how many messages, and how many rows changed.
        """
