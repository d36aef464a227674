"""The bus: publish records, join a consumer group, ask where a record stands."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

REFUSED = ""
"""In place of a place: the bus refuses this record for good, such as one that is too large."""


class BusDown(Exception):
    """The broker cannot be reached or did not confirm. Nothing is known to be written; try again."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record, in Kafka's terms. Partition and offset are -1 until the broker assigned them."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int = -1
    offset: int = -1


class RecordPosition(StrEnum):
    """The position of a published record relative to a consumer group."""

    AHEAD = "ahead"  # the group has not committed it
    PASSED = "passed"  # the group committed past it
    GONE = "gone"  # the record was deleted, or was never confirmed


class Subscription(Protocol):
    """One member of a consumer group on one topic. Records come again until they are committed."""

    async def batch(self, limit: int, wait: float) -> Sequence[Record]:
        """The next records, at most `limit`. Waits at most `wait` seconds for the first; empty if none came.

        Raises BusDown if the broker is lost; the next call tries again. If this member leaves, uncommitted records go
        to the member that takes over.
        """

    async def commit(self, records: Sequence[Record] | None = None) -> None:
        """Commit these records and those before them in their partitions; without `records`, every one returned so far.

        Partitions lost in a rebalance are left to their new owner.
        """

    async def rewind(self) -> None:
        """Go back to the last commit: every record returned since then comes again."""

    async def lag(self) -> int:
        """Records of the assigned partitions that the group has not committed, as far as this member has heard of them.

        Cheap enough to be asked after every batch: it asks the broker only for what no fetch has brought yet.
        """


class Bus(Protocol):
    """Topics, named without the prefix: messages, verdicts, decisions, dead-letters."""

    async def publish(self, records: Sequence[Record]) -> Sequence[str | None]:
        """Write records (acks=all, idempotent). Returns the place of each, None if it was not confirmed.

        A record that the bus refuses for good has the place REFUSED; the others are written all the same.
        A place names a record for `positions`. Callers treat it as opaque and keep it in the store. Raises BusDown if
        no record could be written.
        """

    def subscribe(
        self, topic: str, group: str, *, linger: float = 0.0
    ) -> AbstractAsyncContextManager[Subscription]:  # fmt: skip
        """Join a consumer group on a topic. New groups begin at the earliest record.

        `linger`: the seconds that a new record may wait for others, so that one fetch brings several.
        """

    async def positions(self, topic: str, group: str, places: Sequence[str]) -> Sequence[RecordPosition]:
        """The position of each place relative to a group. Raises BusDown."""

    def connected(self) -> bool:
        """Whether the broker answered last time."""
