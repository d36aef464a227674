"""The store of review work: flagged messages, the sample of clean ones, and what shadow mode would have held."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.messages.parties import Pair
from gateway.core.policy.decision import AuditEntry, PendingMessage
from gateway.core.policy.work_kinds import ReviewOutcome, WorkKind
from gateway.core.review.views import HeldMessage


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """Why somebody should look at a message, and what was said. `outcome` is None while it is open.

    `clauses` are those that the person named. `chosen`: it is an example for the board's report.
    """

    kind: WorkKind
    at: float
    due_at: float | None
    outcome: ReviewOutcome | None = None
    by: str = ""
    closed_at: float | None = None
    reason: str = ""
    clauses: tuple[str, ...] = ()
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledgment:
    """What a person says about a message. `clauses`: those that they name for a violation."""

    outcome: ReviewOutcome
    by: str
    reason: str = ""
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AcknowledgeResult:
    """The kinds of work that were closed now. `first`: the earlier answer, if nothing was open; None for no work."""

    done: tuple[WorkKind, ...] = ()
    first: ReviewItem | None = None


@dataclass(frozen=True, slots=True)
class WorkFact:
    """One item of work for counting: what the policy found, and what was said. No content.

    `at` is when the policy decided; `by` is "" while it is open.
    """

    message: str
    kind: WorkKind
    at: float
    direction: str
    channel: str
    clauses: tuple[str, ...]
    pairs: tuple[Pair, ...]
    outcome: ReviewOutcome | None
    by: str
    closed_at: float | None
    chosen: bool


class FlagStore(Protocol):
    """Delivered messages that people look at. The first answer counts."""

    async def open_messages(self, kind: WorkKind, ids: Sequence[str] | None = None) -> Sequence[HeldMessage]:
        """Messages with open work of a kind, all or those among `ids`; the recipients are those it is about."""

    async def closed_messages(
        self, kind: WorkKind, since: float, before: tuple[float, str], limit: int
    ) -> Sequence[tuple[HeldMessage, ReviewItem]]:
        """Messages with closed work of a kind, the newest answer first, before a position (`closed_at` and id)."""

    async def of(self, message_id: str) -> Sequence[ReviewItem]:
        """The work on one message, open or closed."""

    async def acknowledge(self, message_id: str, said: Acknowledgment, entry: AuditEntry) -> AcknowledgeResult:
        """Close the open work on a message, and take it where it asks for attention. The first answer counts."""

    async def reopen(self, message_id: str, name: str | None, entry: AuditEntry) -> bool:
        """Take an answer back: one by `name`, or anybody's (None). Returns False if there is none."""

    async def choose(self, message_id: str, chosen: bool, entry: AuditEntry) -> bool:
        """Say whether a message is an example for the board's report. Returns False if shadow mode did not hold it."""

    async def facts(
        self, kind: WorkKind, since: float, before: float, limit: int, *, answered: bool = False
    ) -> Sequence[WorkFact]:
        """The work of a kind from a period, the newest first; with `answered`, without what is open."""

    async def outcomes(self, kind: WorkKind, since: float, before: float) -> Mapping[ReviewOutcome | None, int]:
        """How many items of a kind from a period have each outcome; None: open."""

    async def pending(self, message_ids: Sequence[str]) -> Sequence[PendingMessage]:
        """Some messages with their verdicts, as a decision sees them: to try other thresholds."""

    async def answered(self, after: tuple[str, str], limit: int) -> Sequence[tuple[str, ReviewItem]]:
        """Closed work after a position (id and kind), in order, with the ids of the messages."""

    async def backlog(self) -> Mapping[WorkKind, int]:
        """How many items of each kind are open."""

    async def states_of(self, message_ids: Collection[str]) -> Mapping[str, Sequence[ReviewItem]]:
        """The work on some messages, by id."""
