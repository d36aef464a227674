"""The store as reviewers use it: lookups, lists, claims, undo, reminders."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.cases.case import Assignment, Proposal
from gateway.core.messages.followup import Followup
from gateway.core.messages.message import EarlierMessage as EarlierMessage
from gateway.core.messages.message import OutgoingMessage as OutgoingMessage
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import (
    Backlog,
    ConversationMessage,
    HeldMessage,
    ListedMessage,
    MessageDetail,
    MessageHead,
    Trace,
)


class LookupStore(Protocol):
    """What people look up. No call here changes anything."""

    async def held(self, ids: Sequence[str] | None = None) -> Sequence[HeldMessage]:
        """Every message with a held recipient, or those among some, the earliest due first."""

    async def trace(self, *, id: str = "", message_id: str = "", address: str = "") -> Sequence[Trace]:
        """Messages by one of the three, the newest first; many of them are cut."""

    async def trace_further(
        self, before: tuple[float, str], *, message_id: str = "", address: str = ""
    ) -> Sequence[Trace]:  # fmt: skip
        """The next ones by one of the two behind a place, a time of acceptance and an id; none where it ends."""

    async def detail(self, id: str) -> MessageDetail | None:
        """One message with its content and verdict; None for an unknown id. The caller settles who may see content."""

    async def reviewed_ids(self, after: str, limit: int) -> Sequence[str]:
        """The ids of messages that a person decided about, in order, behind the id `after` ("": from the first)."""

    async def classified_ids(self, after: str, limit: int) -> Sequence[str]:
        """The ids of messages with a verdict, in order, behind the id `after` ("": from the first)."""

    async def backlog(self) -> Backlog:
        """What waits, for the gauges; `unlinked_for`: how long the oldest audit row has been unchained."""


class UndoStore(Protocol):
    """Decisions of a person, taken back while nothing of them has left."""

    async def hold_again(self, message_id: str, by: str, act: AuditEntry) -> tuple[str, ...]:
        """Hold again what `by` released, rejected or discarded `after` some seconds that have not passed.

        The recipients that are held again; what was to follow goes, and the act is recorded, in one transaction.
        """


@dataclass(frozen=True, slots=True)
class IdempotentAnswer:
    """What was asked under an idempotency key (a hash), and what was answered; no status: it is being answered."""

    request: str
    status: int | None
    body: str


LATE_CHANGES = 1000
"""Changes of the queue that may still be committing while a later one is seen."""


class HeaderStore(Protocol):
    """The header sections of messages."""

    async def heads(self, ids: Collection[str]) -> Mapping[str, MessageHead]:
        """Those of many messages at once."""


class ListStore(Protocol):
    """What the console lists beside the queue."""

    async def queue_mark(self) -> tuple[int, int]:
        """The number of the newest change of the queue, and something that tells of late ones: it changes with each."""

    async def queue_changes(self, after: int) -> Sequence[tuple[int, str]]:
        """Changes of the queue with a higher number: that, and the id of the message."""

    async def delivered(
        self, action: str, since: float, before: tuple[float, str], limit: int
    ) -> Sequence[ListedMessage]:
        """Delivered messages whose action is alert or flag, or hold where it came too late; the newest first.

        `before`: a place (`decided_at` and id) that the list goes on behind.
        """

    async def sent_by(self, addresses: Sequence[str]) -> Sequence[Trace]:
        """Where the messages are that came from some addresses, the newest first."""

    async def decided(self, since: float, before: tuple[float, str], limit: int) -> Sequence[ListedMessage]:
        """Messages that people decided on since a time, the newest first; `before`: as above."""


@dataclass(frozen=True, slots=True)
class ReviewState:
    """What people have said of a message before it is decided."""

    assignment: Assignment | None = None
    proposal: Proposal | None = None


class ClaimStore(Protocol):
    """Who has claimed which held message, and proposals that wait for a second person."""

    async def review_states(self) -> Mapping[str, ReviewState]:
        """What is known of held messages, by id; those of which nothing is are left out."""

    async def review_state(self, message_id: str) -> ReviewState:
        """What is known of one message."""

    async def assign(
        self, message_id: str, assignment: Assignment, instead_of: str | None, act: AuditEntry
    ) -> str | None:
        """Give a message to somebody; None when done, else who has it: nothing changed then.

        `instead_of`: who is known to have it ("" for nobody); None: whoever has it.
        """

    async def propose(self, message_id: str, proposal: Proposal, act: AuditEntry) -> Proposal:
        """Wait for a second person; the proposal that stands, which is another's where one stood before."""

    async def withdraw(self, message_id: str, act: AuditEntry | None) -> bool:
        """Take a proposal away; without an act: it was carried out."""


Letters = Callable[[Sequence[tuple[str, str]]], tuple[Sequence[Followup], Sequence[AuditEntry]]]
"""Which letters and acts follow from the steps that are told now."""


class ReminderStore(Protocol):
    """Reminders: each step is sent once."""

    async def due_before(self, before: float, limit: int) -> Sequence[HeldMessage]:
        """Held messages that are due before a time, the latest due first."""

    async def reminded(self, message_ids: Collection[str]) -> Collection[tuple[str, str]]:
        """The steps that were told of these messages ("" stands for all of them), as (message, step)."""

    async def remind(self, steps: Sequence[tuple[str, str]], letters: Letters) -> Sequence[tuple[str, str]]:
        """Claim steps and write what `letters` makes of those that nobody had claimed, in one transaction."""


class ConversationStore(Protocol):
    """The messages around a message in its conversations."""

    async def around(self, message_id: str, each_side: int) -> Sequence[ConversationMessage]:
        """The conversations of a message around it, in order of time, itself included; so many before and after it."""

    async def beyond(
        self, message_id: str, beyond: tuple[float, str], limit: int, *, earlier: bool
    ) -> Sequence[ConversationMessage]:
        """The conversations of a message beyond a place (time and id) in them, the nearest, in order of time."""


class IdempotencyStore(Protocol):
    """Answers to requests with an idempotency key."""

    async def reserve(self, user: str, key: str, request: str) -> IdempotentAnswer | None:
        """Reserve an idempotency key of a user; what is known of it where it was used before."""

    async def save_answer(self, user: str, key: str, status: int | None, body: str) -> None:
        """Remember the answer to a request; None: forget it, for nothing came of it."""


class SavedViewStore(Protocol):
    """Saved filters of the queue."""

    async def of_user(self, user: str) -> Mapping[str, str]:
        """The saved views of an account: name and query."""

    async def save(self, user: str, name: str, query: str | None) -> bool:
        """Keep a view under a name, or drop it; False where there would be too many."""


class PolicyVersionStore(Protocol):
    """The policies that are or were in force."""

    async def versions(self) -> Sequence[tuple[str, str, str, float, float]]:
        """Policies that are or were in force: hash, file, the district's text, since and until when; newest first."""

    async def record(self, hash_: str, source: str, adopted: str) -> None:
        """Remember a policy that is in force, with the district's own text."""

    async def source(self, hash_: str) -> str | None:
        """The policy file of a hash; None where it was never in force here."""

    async def texts(self, hash_: str, at: float | None) -> tuple[str | None, str]:
        """The policy file of a hash, None where it was never in force, and the district's text beside it at a time."""
