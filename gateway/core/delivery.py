"""Delivery of one message to its recipients: states, outcomes, claims and the retry schedule."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.core.message import Message, Recipient


class State(StrEnum):
    """Where one recipient of a message is."""

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
    """The next hop took it, with this reply. `relayed_dsn`: the next hop announced DSN, so reports are its part."""

    reply: str
    relayed_dsn: bool = False


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now: try again later."""

    reply: str


@dataclass(frozen=True, slots=True)
class Bounced:
    """Refused for good: the sender is told."""

    reply: str


Outcome = Sent | Deferred | Bounced


@dataclass(frozen=True, slots=True)
class NextHop:
    """Where a transport delivers to: a target, and the recipient domains that it serves.

    `domains` are lower case; `default` serves every domain that no other hop of the channel names, and `others` are
    the domains that they name.
    """

    channel: str
    target: str
    domains: frozenset[str]
    default: bool = False
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claimed:
    """One recipient of a claim: attempts so far, and when its delivery lifetime began."""

    recipient: Recipient
    attempts: int
    queued_at: float


@dataclass(frozen=True, slots=True)
class Claim:
    """All due recipients of one message behind one next hop, ours until the lease ends.

    `relayed`: the recipients that were already sent under this message id to the same hop are not in it.
    """

    token: str
    message: Message
    recipients: tuple[Claimed, ...]
