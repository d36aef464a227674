"""Stores and receivers of urgency: messages that ask for attention, and notices over the webhook."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.urgency import Attention, AttentionKind
from gateway.core.review.views import ListedMessage


@dataclass(frozen=True, slots=True)
class AttentionMessage:
    """A message that asks for attention since a time, and who has taken it ("" for nobody)."""

    listed: ListedMessage
    attention: Attention
    at: float
    taken_by: str = ""
    taken_at: float | None = None


@dataclass(frozen=True, slots=True)
class UrgentBacklog:
    """How many urgent messages nobody has taken, and for how many seconds the oldest has waited."""

    count: int = 0
    oldest: float = 0.0


class UrgencyStore(Protocol):
    """Messages that ask for attention: the urgent ones, and those of distress.

    An urgent message is taken when somebody takes it here, claims it, is assigned to it, or decides it.
    """

    async def mark(self) -> object:
        """A value that changes whenever a message asks for attention, is taken or given back."""

    async def open(self, kind: AttentionKind, limit: int) -> Sequence[AttentionMessage]:
        """The messages that nobody has taken, the oldest first."""

    async def taken(self, kind: AttentionKind, since: float, limit: int) -> Sequence[AttentionMessage]:
        """The messages that somebody has taken since a time, the newest first."""

    async def of(self, message_ids: Collection[str], kind: AttentionKind) -> Mapping[str, Attention]:
        """What asks for attention about some messages, taken or not, by id."""

    async def take(self, message_id: str, kind: AttentionKind, name: str, entry: AuditEntry) -> str | None:
        """Record who takes a message. Returns None, or the name of whoever did so before ("" where it asks nothing)."""

    async def give_back(self, message_id: str, kind: AttentionKind, name: str | None, entry: AuditEntry) -> bool:
        """Undo it. Returns False if the message was not taken by `name` (None: by anybody)."""

    async def backlog(self) -> UrgentBacklog:
        """What waits, for the gauges."""


@dataclass(frozen=True, slots=True)
class WebhookNotice:
    """A notice for the webhook. The receiver knows a repeated one by its `id`; `body` is JSON."""

    id: str
    message: str
    body: str
    attempts: int = 0


class WebhookStore(Protocol):
    """Notices that the webhook's receiver has not taken yet."""

    async def claim_due(self, limit: int, lease: float) -> Sequence[WebhookNotice]:
        """Claim notices that are due, the oldest first."""

    async def taken(self, ids: Collection[str]) -> None:
        """Delete notices that the receiver has taken."""

    async def postpone(self, after: Mapping[str, float]) -> None:
        """Make notices due again, each after some seconds."""


class WebhookReceiver(Protocol):
    """The way to the webhook's receiver."""

    async def send(self, notice: WebhookNotice, now: float) -> str:
        """Send a notice. Returns "" once the receiver has taken it, else a word for why not."""
