"""Delivery of one message to its recipients: states, outcomes, next hops and claims."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
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

    `target` is its name: of mail, the first key of `[smtp.next_hop]` with this destination. `domains` are lower case,
    or other keys that the channel chooses next hops by. `default`: it serves every domain that no other hop of the
    channel names; `others` are the domains that they name. `by_domain`: a transaction serves one recipient domain (MX).

    Of all hops of a channel exactly one serves a recipient: see `next_hops`.
    """

    channel: str
    target: str
    domains: frozenset[str]
    default: bool = False
    others: frozenset[str] = frozenset()
    by_domain: bool = False

    def serves(self, domain: str) -> bool:
        """Whether this hop serves a domain. A claim takes exactly the recipients of these domains."""
        return domain not in self.others if self.default else domain in self.domains

    def route(self, domain: str) -> tuple[str, str]:
        """What recipients must have in common to be in one transaction."""
        return self.target, domain if self.by_domain else ""


def next_hops(
    channel: str, served: Mapping[str, str], default: str | None, *, by_domain: Collection[str] = ()
) -> tuple[NextHop, ...]:
    """The hops of a channel: `served` maps domains to the target that serves them, `default` serves every other one.

    There is one hop per target, in order of appearance. Those in `by_domain` have MX. Without a default, a hop without
    a target serves the other domains; its transport refuses them, or they would wait forever.
    """
    rest = "" if default is None else default
    return tuple(
        NextHop(
            channel,
            target,
            frozenset(domain for domain, to in served.items() if to == target),
            target == rest,
            frozenset(domain for domain, to in served.items() if to != target) if target == rest else frozenset(),
            target in by_domain,
        )
        for target in dict.fromkeys([*served.values(), rest])
    )


@dataclass(frozen=True, slots=True)
class Claimed:
    """One recipient of a claim: attempts so far, the start of its delivery lifetime, and its last reply.

    `position`: in the envelope. `warned`: the sender was told of the delay.
    """

    recipient: Recipient
    attempts: int
    queued_at: float
    position: int = 0
    warned: bool = False
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """All due recipients of one message behind one next hop, which this process owns until the lease ends.

    `at`: the store's time of the claim. `known`: outcomes of an earlier attempt that could not be recorded, by address.
    These recipients are not tried again.
    """

    token: str
    message: Message
    recipients: tuple[Claimed, ...]
    at: float = 0.0
    known: Mapping[str, Outcome] = field(default_factory=dict)
