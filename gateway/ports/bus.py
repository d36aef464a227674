"""The bus as the stages see it: publish records, join a consumer group, ask where a record stands."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.core.messages.message import EarlierMessage as EarlierMessage
from gateway.core.messages.message import OutgoingMessage as OutgoingMessage


class BusDown(Exception):
    """The broker cannot be reached or did not confirm: nothing is known to be written, try again."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record in Kafka's own words; partition and offset are -1 until the broker gave them."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int = -1
    offset: int = -1


class RecordPosition(StrEnum):
    """Where a published record stands for a consumer group."""

    AHEAD = "ahead"  # the group has yet to commit it
    PASSED = "passed"  # the group committed past it
    GONE = "gone"  # the record is no longer there, or was never confirmed


class Subscription(Protocol):
    """One member of a consumer group on one topic. Records come again until committed."""

    async def batch(self, limit: int, wait: float) -> Sequence[Record]:
        """Up to `limit` next records, waiting at most `wait` seconds for the first; empty when none came.

        Raises BusDown when the broker is lost; the next call tries again. Records taken and not committed when this
        member leaves are given to whoever takes over.
        """

    async def commit(self) -> None:
        """Commit every record handed out so far. A partition lost in a rebalance is silently left to its new owner."""

    async def rewind(self) -> None:
        """Go back to what is committed: every record handed out since then comes again."""

    async def lag(self) -> int:
        """Records of the assigned partitions that the group has yet to commit."""


class Bus(Protocol):
    """Topics, by their names without the prefix: messages, verdicts, decisions, dead-letters."""

    async def publish(self, records: Sequence[Record]) -> Sequence[str | None]:
        """Write records (acks=all, idempotent); for each its place, or None where it was not confirmed.

        A place names the record for `positions`: opaque to the caller, kept in the store. Raises BusDown when none
        could be written.
        """

    def subscribe(self, topic: str, group: str) -> AbstractAsyncContextManager[Subscription]:
        """Join a consumer group on a topic; new groups begin at the earliest record."""

    async def positions(self, topic: str, group: str, places: Sequence[str]) -> Sequence[RecordPosition]:
        """Where each place stands for a group. Raises BusDown."""

    def connected(self) -> bool:
        """Whether the broker answered last time."""
