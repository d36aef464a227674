"""Views for the console and the commands: held messages, traces, lists, conversations, details, backlog."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gateway.core.messages.delivery import State
from gateway.core.messages.media import MediaFile
from gateway.core.messages.parties import NO_RELATION, Direction, Relation
from gateway.core.messages.verdict import Verdict
from gateway.core.mime.account import ByteSpan
from gateway.core.mime.parts import Part
from gateway.core.mime.shown_header import ShownHeader


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """One row of the queue. `recipients` are the held ones; `due_at` is their earliest due time.

    `excerpt` is the start of the new text: lists compare and search it but do not show it. `others` are the recipients
    whose copies are not held; they are parties to the message too. `urgent`: the severity if people were told.
    """

    id: str
    channel: str
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
    urgent: str = ""


_FIRST = 1e12
"""Seconds by which an urgent message stands before all others in the queue."""


def queue_time(due_at: float | None, urgent: str) -> float:
    """Where a message stands in the queue: by its due time, infinite for none; the urgent ones stand first."""
    if due_at is None:
        return -1.0 if urgent else float("inf")
    return due_at - _FIRST if urgent else due_at


@dataclass(frozen=True, slots=True)
class RecipientTrace:
    """The state of one recipient's copy, since `at`. `decided_by` is "policy" or an account, "" while undecided.

    `decided_at` stays when `at` moves on to the delivery.
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
    """Where a message is: states and times, no content. Direction, action and clauses are those of the strictest copy.

    Our own mail (bounces, notices) has no pair; its direction is "out_of_scope".
    """

    id: str
    message_id: str
    channel: str
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
    """A delivered message to be reviewed: a help alert, a flagged one, or one whose verdict came too late.

    `taken_by` and `taken_at`: who claimed a help alert, and when. `listed_at`: its position in the list, which a later
    verdict does not change.
    """

    trace: Trace
    subject: str
    decided_at: float
    taken_by: str = ""
    taken_at: float | None = None
    listed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class ConversationMessage:
    """Another message of a conversation: its envelope and the start of its new text."""

    id: str
    channel: str
    sender: str
    recipients: tuple[str, ...]
    at: float
    subject: str
    excerpt: str
    states: tuple[State, ...]
    relation: Relation = NO_RELATION


@dataclass(frozen=True, slots=True)
class MessageHead:
    """The header section of a message, b"" if its content was deleted, and its verdict."""

    head: bytes
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class MessageDetail:
    """The content of a message and its verdict, to show findings as words. It is read by a ContentParser.

    `content` is empty after its retention period; `verdict` is None while there is none. `policy` is the hash of the
    policy of the strictest decision, "" while undecided. `media` are the pictures and files of a text message.
    """

    trace: Trace
    content: bytes
    channel: str
    verdict: Verdict | None = None
    policy: str = ""
    media: tuple[MediaFile, ...] = ()
    read_header: ShownHeader | None = field(default=None, repr=False, compare=False)
    read_parts: tuple[Part, ...] | None = field(default=None, repr=False, compare=False)
    read_account: tuple[ByteSpan, ...] | None = field(default=None, repr=False, compare=False)
    """Header, parts and account of the bytes; None until they are read. See gateway.ports.content.read_detail."""

    @property
    def header(self) -> ShownHeader:
        """What is shown of the header section; empty if the channel has none. Raises NotReadYet."""
        if self.read_header is None:
            raise NotReadYet("header")
        return self.read_header

    def parts(self) -> tuple[Part, ...]:
        """The visible parts, numbered as in verdicts, media files of a text message included. Raises NotReadYet."""
        if self.read_parts is None:
            raise NotReadYet("parts")
        return self.read_parts

    def account(self) -> tuple[ByteSpan, ...]:
        """What every byte of the content is, and whether it is read. Raises NotReadYet."""
        if self.read_account is None:
            raise NotReadYet("account")
        return self.read_account


class NotReadYet(RuntimeError):
    """A content was used before a ContentParser read it: an error of the program."""


OVERDUE_AFTER = 60.0
"""Seconds after which a due recipient is overdue. A running gateway claims within a second or two."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the store. `oldest_held` and `unlinked_for` (oldest unchained audit entry) are ages in seconds.

    `overdue`: recipients that are due for longer than OVERDUE_AFTER, and that no process delivers. `flagged`: messages
    whose flag nobody has acknowledged.
    """

    held: int = 0
    oldest_held: float = 0.0
    deferred: int = 0
    unpublished: int = 0
    unanswered: int = 0
    unlinked_for: float = 0.0
    overdue: int = 0
    oldest_overdue: float = 0.0
    flagged: int = 0
