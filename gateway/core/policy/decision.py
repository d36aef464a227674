"""Decisions: actions, the decision about one recipient, and the transition that changes a message in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.contact.history import PairHistory
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup as Followup
from gateway.core.messages.followup import FollowupKind as FollowupKind
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.urgency import Attention
from gateway.core.policy.work_kinds import ReviewWork, WorkKind


class Action(StrEnum):
    """What a policy does with one recipient's copy, in rising strictness. A student's alert wins over all."""

    RELEASE = "release"
    FLAG = "flag"
    HOLD = "hold"
    ALERT = "alert"


STRICTNESS = tuple(Action)
"""The actions in rising strictness."""


def strictest(actions: Iterable[Action]) -> Action:
    """The strictest of some actions; release for none."""
    return max(actions, key=STRICTNESS.index, default=Action.RELEASE)


@dataclass(frozen=True, slots=True)
class ContactNote:
    """What counters of contact say at a message, in words with numbers. It stays on the record whatever decides.

    `limit` is the key in the policy file. `conversation` is the pair that it falls on. `flags`: it is over a limit;
    otherwise it is only told, such as that an exchange moved to the school account.
    """

    clause: str
    limit: str
    text: str
    conversation: str
    flags: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """The policy's decision about one recipient.

    `clauses` led to the action, the highest score first; after them come those of `notes` that are over a limit.
    `reasons` are words of `failed` or "no_verdict". `direction` is that of the deciding pair. `policy` is the hash of
    the policy. `due_in` is the seconds until a held message is due. `help`: a held message calls for help, but the
    student is only claimed to have sent it; the notice goes out. `urgent`: the severity where people are told at once,
    else "". `threat`: it threatens.
    """

    action: Action
    direction: Direction
    policy: str
    clauses: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    due_in: float | None = None
    help: bool = False
    notes: tuple[ContactNote, ...] = ()
    urgent: str = ""
    threat: bool = False


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """The current status of one recipient. `decided_by` is "policy" or an account, "" while undecided."""

    address: str
    state: State
    pairs: tuple[Pair, ...] = ()
    decision: Decision | None = None
    decided_by: str = ""
    decided_at: float | None = None
    due_at: float | None = None


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A message as a transition rule sees it, locked in the transaction that applies the transition.

    `contact` has the history of its conversations up to this message, by conversation.
    """

    id: str
    channel: str
    sender: str
    sha256: str
    received_at: float
    recipients: tuple[RecipientStatus, ...]
    verdict: Verdict | None = None
    contact: Mapping[str, PairHistory] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An audit entry before it is chained: who did what (`act`) to which subject. `detail` holds JSON values."""

    at: float
    actor: str
    act: str
    subject: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateChange:
    """A recipient's new state, unless `state` is None, and the decision recorded with it.

    `queued` is due now and starts its delivery lifetime. `held` has no next attempt and is due in `decision.due_in`.
    """

    recipient: str
    state: State | None
    decision: Decision | None
    by: str


@dataclass(frozen=True, slots=True)
class Transition:
    """Everything that one decision changes, in one transaction.

    `delay`: seconds until queued recipients are due and follow-ups run. Until then the decision can be undone.
    `attention`: the lists on which the message stands until somebody has taken it.
    `tools`: the tools that the message shows and that are not registered; they are counted once for each pair.
    `if_told`: follow-ups that are written only if the sender was told earlier that the message waits.
    `nudged`: the conversations of a message that is returned to its author with a question.
    `work`: what people should look at. `ended`: the kinds of open work that a later verdict makes needless.
    """

    changes: tuple[StateChange, ...] = ()
    followups: tuple[Followup, ...] = ()
    entries: tuple[AuditEntry, ...] = ()
    verdict: Verdict | None = None
    delay: float = 0.0
    attention: tuple[Attention, ...] = ()
    tools: tuple[str, ...] = ()
    work: tuple[ReviewWork, ...] = ()
    ended: tuple[WorkKind, ...] = ()
    nudged: tuple[str, ...] = ()
    if_told: tuple[Followup, ...] = ()


TransitionRule = Callable[[PendingMessage], Transition]
"""A pure function from the current message to what should change."""
