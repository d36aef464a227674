"""Delivery of one message to its recipients: states, outcomes, next hops and claims."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.core.messages.message import Message, Recipient


class State(StrEnum):
    """The state of one recipient of a message."""

    RECEIVED = "received"
    HELD = "held"
    QUEUED = "queued"
    SENT = "sent"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    DISCARDED = "discarded"


FINAL = frozenset({State.SENT, State.BOUNCED, State.REJECTED, State.DISCARDED})


@dataclass(frozen=True, slots=True)
class Sent:
    """The next hop accepted the message with this reply.

    `relayed_dsn`: the next hop announced DSN, so it sends the delivery reports.
    """

    reply: str
    relayed_dsn: bool = False


@dataclass(frozen=True, slots=True)
class Deferred:
    """A temporary refusal: delivery is tried again."""

    reply: str


@dataclass(frozen=True, slots=True)
class Bounced:
    """A permanent refusal: the sender is told."""

    reply: str


Outcome = Sent | Deferred | Bounced


@dataclass(frozen=True, slots=True)
class NextHop:
    """The destination of a transport, and the recipient domains that it serves.

    `domains` are lower case, or other keys that the channel chooses next hops by. `default`: it serves every domain
    that no other hop of the channel names; `others` are the domains that they name.
    """

    channel: str
    target: str
    domains: frozenset[str]
    default: bool = False
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claimed:
    """One recipient of a claim: attempts so far, and the start of its delivery lifetime."""

    recipient: Recipient
    attempts: int
    queued_at: float


@dataclass(frozen=True, slots=True)
class Claim:
    """All due recipients of one message behind one next hop, which this process owns until the lease ends."""

    token: str
    message: Message
    recipients: tuple[Claimed, ...]
