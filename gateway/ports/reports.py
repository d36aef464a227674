"""The stores that reports and records requests read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.review.daily_counts import Tally

RestBetweenPages = Callable[[float], Awaitable[bool]]
"""Rests after a page that took so many seconds. Returns whether to go on."""


@dataclass(frozen=True, slots=True)
class DayToCount:
    """A local day, with the times at which it begins and ends."""

    day: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for people. `oldest_help`: for how many seconds the oldest call for help waits."""

    held: int = 0
    overdue: int = 0
    urgent: int = 0
    help: int = 0
    oldest_help: float = 0.0


@dataclass(frozen=True, slots=True)
class Delayed:
    """Copies that were refused or could not be sent, and wait for another attempt. `since`: of the oldest.

    `domain` is that of recipients of mail, "" for texts.
    """

    channel: str
    domain: str
    count: int
    since: float


@dataclass(frozen=True, slots=True)
class Health:
    """What the store knows of the gateway's health. `model` read the newest message, "" for none."""

    model: str = ""
    delayed: Sequence[Delayed] = ()


class ReportStore(Protocol):
    """Counts of each day, kept by an upkeep stage, and what waits now."""

    async def counted_days(self) -> Mapping[str, float]:
        """The days that were counted, and when."""

    async def changed_days(self, since: float) -> Sequence[float]:
        """The times of acceptance of the messages on which somebody has decided since a time."""

    async def first_message(self) -> float | None:
        """When the oldest message was accepted that can still be counted; None for none."""

    async def count_day(
        self, day: DayToCount, buildings_of: Callable[[str], Collection[str]], rest: RestBetweenPages | None = None
    ) -> int | None:
        """Count the messages that were accepted on a day, instead of its earlier counts. Returns how many.

        None if `rest` ended it: the earlier counts stay then.
        """

    async def delete_days(self, before: str) -> None:
        """Delete the counts of days before a day."""

    async def tallies(
        self, first: str, last: str, buildings: Collection[str]
    ) -> Mapping[tuple[str, str], Tally]:  # fmt: skip
        """The counts from a day to another, by kind and value, summed over some buildings ("": the whole district)."""

    async def by_building(self, first: str, last: str) -> Mapping[str, Tally]:
        """The counts of each building; that of "" is the whole district's."""

    async def by_day(self, first: str, last: str, buildings: Collection[str]) -> Mapping[str, Tally]:
        """The counts of each day, summed over some buildings, without decision times."""

    async def waiting(self) -> Waiting:
        """What waits for people now, in the whole district."""

    async def health(self) -> Health:
        """What waits to leave, and which model reads."""


Row = dict[str, object]


class RecordStore(Protocol):
    """Everything that is kept about a person, for a records request. Lists come in pages; none holds a content."""

    async def party_ids(self, person: str, addresses: Collection[str]) -> Sequence[str]:
        """The messages that a person is a party to, or that a finding says are about the person, in their order."""

    async def rows_of_messages(self, message_ids: Sequence[str]) -> Mapping[str, Mapping[str, Sequence[Row]]]:
        """Every row that is kept of some messages, without contents: by message, then by table."""

    async def rows_of_person(
        self, ids: Collection[str], addresses: Collection[str], accounts: Collection[str]
    ) -> Mapping[str, Sequence[Row]]:
        """Every other row that is kept of a person, by table. `ids` are sourcedIds, `accounts` names of accounts."""

    async def contact_of(self, person: str) -> Sequence[Row]:
        """What the log of contact holds of a person, counted for each pair."""

    async def audit_page(
        self, after: int, ids: Collection[str], addresses: Collection[str], accounts: Collection[str]
    ) -> tuple[int, Sequence[Row]]:
        """The entries of the next part of the audit log that are about a person, and where that part ends.

        0 is the end of the log. An entry is about a person if it names one of these as subject, actor or in its detail.
        """
