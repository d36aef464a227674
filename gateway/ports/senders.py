"""Stores of what senders do: links to sign in by mail, requests about their own messages, and nudges."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.core.messages.followup import Followup
from gateway.core.policy.decision import AuditEntry


class RequestKind(StrEnum):
    """What a sender did about a message of theirs; each once."""

    LOOK = "look"  # asked reviewers to look at it once more
    AGAIN = "again"  # sent another message instead


@dataclass(frozen=True, slots=True)
class SenderRequest:
    """A request of the author of a message. `other`: the id of the message that was sent instead.

    `answered_at` is None while nobody has answered.
    """

    message: str
    kind: RequestKind
    person: str
    at: float
    words: str = ""
    other: str = ""
    answered_by: str = ""
    answered_at: float | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """Links that were asked for lately: for one person, and by one client."""

    of_person: int
    of_client: int


class SenderStore(Protocol):
    """What senders do about their own messages. Every change is written with its audit entry."""

    async def ask(self, request: SenderRequest, followups: Sequence[Followup], entry: AuditEntry) -> bool:
        """Write a request with its notices. Returns False if there is one of this kind already."""

    async def answer(
        self, message_id: str, by: str, words: str, followups: Sequence[Followup], entry: AuditEntry
    ) -> bool:  # fmt: skip
        """Answer an open request for another look. Returns False if there is none."""

    async def of(self, message_ids: Collection[str]) -> Mapping[str, Sequence[SenderRequest]]:
        """The requests about messages, by message id, the oldest first."""

    async def open_looks(self, limit: int) -> Sequence[SenderRequest]:
        """Requests for another look that nobody has answered, the oldest first."""

    async def nudged_since(self, since: float) -> Collection[str]:
        """The conversations with a message that was returned with a question since a time."""


class SignInLinkStore(Protocol):
    """Links by which staff sign in to see their own messages. Only hashes of their secrets are stored."""

    async def count(self, person: str, client: str, since: float) -> LinkCounts:
        """The links that were asked for since a time."""

    async def add(
        self, link_hash: str, person: str, client: str, lifetime: float, followups: Sequence[Followup],
        entry: AuditEntry | None,
    ) -> None:  # fmt: skip
        """Write a link that is valid for `lifetime` seconds, with its mail. Without a person it opens nothing."""

    async def use(self, link_hash: str) -> str:
        """Use up a link. Returns the sourcedId of its person; "" if it is unknown, used or too old."""
