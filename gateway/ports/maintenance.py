"""Stores for retention, for trying out a policy on past traffic, and for secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from gateway.core.policy.decision import PendingMessage

NOTHING_LONGER: Mapping[str, float] = MappingProxyType({})
"""No period longer than the ordinary ones."""


class RetentionStore(Protocol):
    """Content and rows that expire."""

    async def advance(self, seconds: float) -> float:
        """The time until which content may expire: never past the present, and it goes on slowly.

        `seconds`: how long the clock has run without a jump since the last call. So a clock that is wrong now cannot
        make everything expire at once. The time is kept in the store.
        """

    async def count_contents(self) -> int:
        """How many messages have content."""

    async def expire(
        self, delivered: float, decided: float, limit: int, until: float = ..., longer: Mapping[str, float] = ...
    ) -> int:  # fmt: skip
        """Delete at most `limit` contents older than the periods (seconds) at the time `until`. Returns how many.

        Content expires when every recipient is in a final state, no case or legal hold names the message, and the
        longest of its periods has passed. Messages that were flagged, alerted or ever held have the period `decided`,
        and the periods of `longer` that they fall under: by "held", "flagged" or "alerted", or by a clause.
        """

    async def record_purges(self) -> None:
        """Write what was deleted since the last entry into the audit log, by category. Nothing deleted, no entry."""

    async def delete_rows(self, before: float, limit: int) -> int:
        """Delete messages and recipients that ended before a time, at most `limit` messages. Returns how many.

        Kept is what has content or a verdict, is named by a case or a legal hold, or is not finished. Each batch is on
        record in the audit log.
        """


class HistoryStore(Protocol):
    """Past traffic as it was decided."""

    async def count_since(self, since: float) -> int:
        """How many messages in scope were accepted at or after a time."""

    async def past_messages(self, since: float, after_id: str, limit: int) -> Sequence[PendingMessage]:
        """Messages in scope accepted at or after a time, in order. Among those of that time, ids above `after_id`."""


class SecretStore(Protocol):
    """Random keys that every process of one store shares."""

    async def get_or_create(self, name: str) -> bytes:
        """The key of a name: 32 random bytes, made at the first call and the same ever after."""
