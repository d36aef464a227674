"""Stores for reviewing: lookups, lists, claims, undo and reminders."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.core.cases.case import Assignment, Proposal
from gateway.core.messages.followup import Followup
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy_versions.version import (
    NewPolicy,
    PolicyPeriod,
    PolicyProposal,
    PolicySimulation,
    PublishedPolicy,
    SimulationState,
)
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
        """Messages with a held recipient, all or those among `ids`, the earliest due first."""

    async def trace(self, *, id: str = "", message_id: str = "", address: str = "") -> Sequence[Trace]:
        """Messages by id, Message-ID or address, the newest first. Long results are cut."""

    async def trace_further(
        self, before: tuple[float, str], *, message_id: str = "", address: str = ""
    ) -> Sequence[Trace]:  # fmt: skip
        """The next messages by Message-ID or address, before a position: time of acceptance and id."""

    async def detail(self, id: str) -> MessageDetail | None:
        """One message with its content and verdict; None for an unknown id. The caller checks who may see content."""

    async def reviewed_ids(self, after: str, limit: int) -> Sequence[str]:
        """Ids above `after` of messages that a person decided on, in order ("": from the first)."""

    async def classified_ids(self, after: str, limit: int) -> Sequence[str]:
        """Ids above `after` of messages with a verdict, in order ("": from the first)."""

    async def backlog(self) -> Backlog:
        """What waits, for the gauges. `unlinked_for`: the age of the oldest audit entry that is not linked."""


class HeaderStore(Protocol):
    """The header sections of messages."""

    async def heads(self, ids: Collection[str]) -> Mapping[str, MessageHead]:
        """The header sections and verdicts of messages, by id."""


class UndoStore(Protocol):
    """Undoes decisions of people before they take effect."""

    async def hold_again(self, message_id: str, by: str, entry: AuditEntry) -> tuple[str, ...]:
        """Hold again what `by` released, rejected or discarded, if the delay of that decision has not passed.

        Deletes the follow-ups of the decision and writes the audit entry in the same transaction. Returns the
        recipients that are held again.
        """


LATE_CHANGES = 1000
"""Changes of the queue that may be committed after a change with a higher number."""


class ListStore(Protocol):
    """What the console lists next to the queue, and changes of the queue."""

    async def queue_mark(self) -> tuple[int, int]:
        """The number of the newest change of the queue, and the count of recent ones. Every change alters the pair."""

    async def queue_changes(self, after: int) -> Sequence[tuple[int, str]]:
        """Changes of the queue with a number above `after`: the number and the id of the message."""

    async def delivered(
        self, action: str, since: float, before: tuple[float, str], limit: int
    ) -> Sequence[ListedMessage]:
        """Delivered messages with the action alert or flag, or hold if the verdict came too late; the newest first.

        `before`: the position to continue from (`decided_at` and id).
        """

    async def decided(self, since: float, before: tuple[float, str], limit: int) -> Sequence[ListedMessage]:
        """Messages that people decided on since a time, the newest first. `before` as in `delivered`."""

    async def sent_by(self, addresses: Sequence[str]) -> Sequence[Trace]:
        """Messages from some addresses, the newest first."""


class ConversationStore(Protocol):
    """The messages around a message, in all of its conversations, in order of time."""

    async def around(self, message_id: str, each_side: int) -> Sequence[ConversationMessage]:
        """The message itself, with at most `each_side` messages before and after it."""

    async def beyond(
        self, message_id: str, position: tuple[float, str], limit: int, *, earlier: bool
    ) -> Sequence[ConversationMessage]:
        """The nearest messages on one side of a position (time and id)."""


@dataclass(frozen=True, slots=True)
class IdempotentAnswer:
    """The request of an idempotency key (a hash) and its answer. `status` is None while the request is at work."""

    request: str
    status: int | None
    body: str


class IdempotencyStore(Protocol):
    """Answers to requests with an idempotency key."""

    async def reserve(self, user: str, key: str, request: str) -> IdempotentAnswer | None:
        """Reserve a key of a user. Returns what is known of it if it was used before."""

    async def save_answer(self, user: str, key: str, status: int | None, body: str) -> None:
        """Save the answer to a request. With None, forget the key: the request had no effect."""


@dataclass(frozen=True, slots=True)
class ReviewState:
    """What people said about a message before it is decided."""

    assignment: Assignment | None = None
    proposal: Proposal | None = None


class ClaimStore(Protocol):
    """Who has claimed which held message, and proposals that wait for a second person."""

    async def review_states(self) -> Mapping[str, ReviewState]:
        """The states of messages that are held or that people should look at, by id, where anything is known."""

    async def review_state(self, message_id: str) -> ReviewState:
        """The state of one message."""

    async def assign(
        self, message_id: str, assignment: Assignment, instead_of: str | None, entry: AuditEntry
    ) -> str | None:
        """Assign a message to an account. Returns None, or the name of another account that has it.

        `instead_of`: the account that is known to have it ("" for nobody); None: whoever has it.
        """

    async def propose(self, message_id: str, proposal: Proposal, entry: AuditEntry) -> Proposal:
        """Record a proposal for a second person. Returns the one in effect: an earlier one stays."""

    async def withdraw(self, message_id: str, entry: AuditEntry | None) -> bool:
        """Delete a proposal; without an audit entry, because it was carried out. Returns False if there is none."""


class SavedViewStore(Protocol):
    """Saved filters of the queue."""

    async def of_user(self, user: str) -> Mapping[str, str]:
        """The saved views of an account: query by name."""

    async def save(self, user: str, name: str, query: str | None) -> bool:
        """Save a view under a name, or delete it (None). Returns False if there would be too many."""


class PolicyVersionStore(Protocol):
    """The policies that are or were in force, by number and by hash. Their periods have no gap and do not overlap."""

    async def record(self, hash_: str, source: str, adopted: str) -> None:
        """Keep the text of a policy, with the district's adopted text, to be found by its hash."""

    async def source(self, hash_: str) -> str | None:
        """The policy file of a hash; None if it was never in force."""

    async def texts(self, hash_: str, at: float | None) -> tuple[str | None, str]:
        """The policy file of a hash and the adopted text at a time. The file is None if it was never in force."""

    async def mark(self) -> int:
        """The number of the last version, 0 for none: another number is a new version. The cheapest query."""

    async def current(self) -> Sequence[PublishedPolicy]:
        """The version in force, and those that will be in force soon, in their order."""

    async def periods(self) -> Sequence[PolicyPeriod]:
        """All versions, the newest first."""

    async def published(self, number: int) -> PublishedPolicy | None:
        """One version with its text."""

    async def publish(self, new: NewPolicy, base: int, entries: Sequence[AuditEntry]) -> PublishedPolicy | None:
        """Publish a version after the version `base`, with audit entries, and end its proposal.

        None if another version came first, or if the proposal is not open any more. Nothing is changed then.
        """

    async def file_seen(self, number: int, file_hash: str) -> None:
        """Note with a version that a policy file was taken over that changes nothing."""


class PolicyProposalStore(Protocol):
    """Policies that wait for a second person."""

    async def add(self, proposal: PolicyProposal, entry: AuditEntry) -> None:
        """Add a proposal."""

    async def find(self, id_: str) -> PolicyProposal | None:
        """One proposal."""

    async def recent(self, limit: int) -> Sequence[PolicyProposal]:
        """Proposals, the newest first."""

    async def withdraw(self, id_: str, entry: AuditEntry) -> bool:
        """Withdraw an open proposal, or refuse that of another person. Whether it was open."""


class PolicySimulationStore(Protocol):
    """Simulations in the background: one process claims each for a lease, and renews it while it works."""

    async def add(self, simulation: PolicySimulation, entry: AuditEntry, most_open: int, keep: int) -> bool:
        """Add one unless `most_open` wait or run already. Of those that ended, the newest `keep` are kept."""

    async def find(self, id_: str) -> PolicySimulation | None:
        """One simulation."""

    async def recent(self, limit: int) -> Sequence[PolicySimulation]:
        """Simulations, the newest first, without text and result."""

    async def cancel(self, id_: str) -> bool:
        """Cancel one that has not ended. Whether it had not."""

    async def claim(self, token: str, lease: float) -> PolicySimulation | None:
        """The oldest one that waits, or whose lease has ended."""

    async def advance(self, id_: str, token: str, done: int, total: int, lease: float) -> bool:
        """Note progress and renew the lease. False if it was canceled, or if another process has it now."""

    async def finish(self, id_: str, token: str, state: SimulationState, result: str) -> bool:
        """End one with its result. False if it was canceled, or if another process has it now."""


ReminderNotices = Callable[[Sequence[tuple[str, str]]], tuple[Sequence[Followup], Sequence[AuditEntry]]]
"""Makes the notices and audit entries for steps that are sent now."""


class ReminderStore(Protocol):
    """Reminders: each step of a message is sent once. Steps: a due time, a help alert, the digest of a day."""

    async def due_before(self, before: float, limit: int) -> Sequence[HeldMessage]:
        """Held messages that are due before a time, the latest due first."""

    async def reminded(self, message_ids: Collection[str]) -> Collection[tuple[str, str]]:
        """The steps that were sent for messages, as (message id, step). The id "" stands for all messages."""

    async def remind(self, steps: Sequence[tuple[str, str]], notices: ReminderNotices) -> Sequence[tuple[str, str]]:
        """Claim steps and write what `notices` makes of those that were not sent yet, in one transaction.

        Returns those steps.
        """


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
