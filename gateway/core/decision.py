"""What is done about a message: actions, decisions, and the ruling that changes a message's recipients at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.contact import Counters
from gateway.core.delivery import State
from gateway.core.message import Channel
from gateway.core.parties import Direction, Pair
from gateway.core.verdict import Verdict


class Action(StrEnum):
    """What a policy can say of one recipient, in rising strictness; a student's alert wins over all."""

    RELEASE = "release"
    FLAG = "flag"
    HOLD = "hold"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Decision:
    """The policy's word on one recipient.

    `clauses` led to the action, the highest score first; `reasons` are words of `failed` or "no_verdict";
    `direction` is that of the reading that decided; `policy` the hash of the policy in force; `due_in` the seconds
    after which a held message is due.
    """

    action: Action
    direction: Direction
    policy: str
    clauses: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    due_in: float | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One recipient of an accepted message as it stands; `decided_by` is "policy" or a person, "" while undecided."""

    address: str
    state: State
    pairs: tuple[Pair, ...] = ()
    decision: Decision | None = None
    decided_by: str = ""
    decided_at: float | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A message as a ruling sees it, read and locked in the transaction that carries the ruling out.

    `contact` has the counters of each of its conversations, by conversation.
    """

    id: str
    channel: Channel
    sender: str
    sha256: str
    received_at: float
    recipients: tuple[Waiting, ...]
    verdict: Verdict | None = None
    contact: Mapping[str, Counters] = field(default_factory=dict)


class Follow(StrEnum):
    """What can have to follow a change of state; each is a row, carried out until done."""

    DECISION = "decision"  # a record on the decisions topic
    HELP_ALERT = "help_alert"  # the district's people are told at once
    LATE = "late"  # what would have been held was delivered before its verdict
    BOUNCE = "bounce"  # the sender is told that it could not be delivered
    REJECTION = "rejection"  # the sender is told that an administrator rejected it


@dataclass(frozen=True, slots=True)
class Followup:
    """One thing to be done after a commit; `body` holds JSON values only."""

    kind: Follow
    message: str
    body: Mapping[str, object]
    id: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of the audit log before it is chained: who did what to which subject; `detail` holds JSON values."""

    at: float
    actor: str
    act: str
    subject: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A recipient's new state, when `state` is not None, and the decision that is recorded with it.

    `queued` is due now and starts its delivery lifetime; `held` has no next attempt and is due in `decision.due_in`.
    """

    recipient: str
    state: State | None
    decision: Decision | None
    by: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """Everything that one decision changes, in one transaction."""

    changes: tuple[Change, ...] = ()
    followups: tuple[Followup, ...] = ()
    acts: tuple[Act, ...] = ()
    verdict: Verdict | None = None


Rule = Callable[[Pending], Ruling]
"""A pure function from a message as it stands to what is to change."""
