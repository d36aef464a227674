"""What is done about a message: actions, decisions, and the ruling that changes a message's recipients at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup as Followup
from gateway.core.messages.followup import FollowupKind as FollowupKind
from gateway.core.messages.message import Channel
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.contact import Counters


class Action(StrEnum):
    """What a policy can say of one recipient, in rising strictness; a student's alert wins over all."""

    RELEASE = "release"
    FLAG = "flag"
    HOLD = "hold"
    ALERT = "alert"


STRICTNESS = tuple(Action)
"""The actions in rising strictness."""


def strictest(actions: Iterable[Action]) -> Action:
    """The strictest of some actions, release where there is none."""
    return max(actions, key=STRICTNESS.index, default=Action.RELEASE)


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
class RecipientStatus:
    """One recipient of an accepted message as it stands; `decided_by` is "policy" or a person, "" while undecided."""

    address: str
    state: State
    pairs: tuple[Pair, ...] = ()
    decision: Decision | None = None
    decided_by: str = ""
    decided_at: float | None = None
    due_at: float | None = None


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A message as a ruling sees it, read and locked in the transaction that carries the ruling out.

    `contact` has the counters of each of its conversations, by conversation.
    """

    id: str
    channel: Channel
    sender: str
    sha256: str
    received_at: float
    recipients: tuple[RecipientStatus, ...]
    verdict: Verdict | None = None
    contact: Mapping[str, Counters] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the audit log before it is chained: who did what to which subject; `detail` holds JSON values."""

    at: float
    actor: str
    act: str
    subject: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateChange:
    """A recipient's new state, when `state` is not None, and the decision that is recorded with it.

    `queued` is due now and starts its delivery lifetime; `held` has no next attempt and is due in `decision.due_in`.
    """

    recipient: str
    state: State | None
    decision: Decision | None
    by: str


@dataclass(frozen=True, slots=True)
class Transition:
    """Everything that one decision changes, in one transaction.

    `after`: seconds until what is queued is due and what must follow is done; so long it can be taken back.
    """

    changes: tuple[StateChange, ...] = ()
    followups: tuple[Followup, ...] = ()
    acts: tuple[AuditEntry, ...] = ()
    verdict: Verdict | None = None
    after: float = 0.0


TransitionRule = Callable[[PendingMessage], Transition]
"""A pure function from a message as it stands to what is to change."""
