"""What an administrator sees of held messages, and what anybody entitled sees of where a message is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.core.messages.delivery import State
from gateway.core.messages.media import MediaFile, media_parts
from gateway.core.messages.message import Channel
from gateway.core.messages.parties import NO_RELATION, Direction, Relation
from gateway.core.messages.verdict import Verdict
from gateway.core.mime.parts import Part, parts


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """One row of the queue of held messages; `recipients` are the held ones, `due_at` the earliest of theirs.

    `excerpt` is the beginning of what it newly says: lists compare and search by it, and do not show it. `others` are
    the recipients whose copies are not held: they have a part in it as well.
    """

    id: str
    channel: Channel
    direction: Direction
    sender: str
    recipients: tuple[str, ...]
    received_at: float
    due_at: float | None
    clauses: tuple[str, ...]
    reasons: tuple[str, ...]
    subject: str
    relation: Relation = NO_RELATION
    excerpt: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecipientTrace:
    """Where one recipient's copy is, and since when; `decided_by` is "policy" or a person, "" while undecided.

    `decided_at`: when that was; `at` goes on to when it was delivered.
    """

    address: str
    state: State
    at: float
    reply: str = ""
    decided_by: str = ""
    due_at: float | None = None
    decided_at: float | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a message is: states and times, no content; direction, action and clauses of the strictest recipient.

    A message of ours (a bounce, a notice) has no pair: its direction is "out_of_scope".
    """

    id: str
    message_id: str
    channel: Channel
    direction: Direction | Literal["out_of_scope"]
    sender: str
    recipients: tuple[RecipientTrace, ...]
    sha256: str
    action: str
    clauses: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    received_at: float = 0.0
    relation: Relation = NO_RELATION


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A message that was delivered and asks to be looked at: a call for help, one flagged, or one that came too late.

    `taken_by` and `taken_at`: who took a call for help up, and when. `listed_at`: its place in a list, which a verdict
    that comes later does not change.
    """

    trace: Trace
    subject: str
    decided_at: float
    taken_by: str = ""
    taken_at: float | None = None
    listed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class ConversationMessage:
    """Another message of a conversation: its envelope, and the beginning of what it newly says."""

    id: str
    channel: Channel
    sender: str
    recipients: tuple[str, ...]
    at: float
    subject: str
    excerpt: str
    states: tuple[State, ...]
    relation: Relation = NO_RELATION


@dataclass(frozen=True, slots=True)
class MessageHead:
    """The header section of a message, b"" where its content is gone, and what the classifiers said of it."""

    head: bytes
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class MessageDetail:
    """Why a message is where it is: its content beside the verdict on it, so that findings can be shown as words.

    `content` is empty where its time is up; `verdict` None while there is none; `policy` is the hash of the policy that
    the strictest decision was made under, "" while undecided. `media`: the pictures and files of a text.
    """

    trace: Trace
    content: bytes
    channel: Channel
    verdict: Verdict | None = None
    policy: str = ""
    media: tuple[MediaFile, ...] = ()

    def parts(self) -> list[Part]:
        """What a person sees of it, as classifiers number it: a text's pictures and files are parts as well."""
        return [*parts(self.content, self.channel), *media_parts(self.media)]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the store: counts, and the age of the oldest held message in seconds (0 where none is held)."""

    held: int = 0
    oldest_held: float = 0.0
    deferred: int = 0
    unpublished: int = 0
    unanswered: int = 0
    unlinked_for: float = 0.0
