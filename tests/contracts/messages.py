"""Messages, decisions and rules for tests of the store."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.contact.log import ContactLogRow
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.delivery import Claim, NextHop, Outcome, Sent, State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Envelope, Message, Recipient, new_id, sha256_of
from gateway.core.messages.parties import Direction, Pair, Relation
from gateway.core.messages.verdict import Finding, Span, Verdict
from gateway.core.policy.decision import Action, AuditEntry, Decision, PendingMessage, StateChange, Transition

NOON = 1_900_000_000.0
STUDENTS = NextHop("mail", "127.0.0.1:2600", frozenset({"students.example"}))
REST = NextHop("mail", "127.0.0.1:2601", frozenset(), default=True, others=frozenset({"students.example"}))
PHONES = NextHop("sms", "127.0.0.1:2775", frozenset(), default=True)
TO_STUDENT, TO_STAFF = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF

_count = itertools.count()


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


def mail(
    at: float = NOON,
    *,
    sender: str = "ann@district.example",
    student: str = "S1",
    staff: str = "T1",
    others: Sequence[str] = (),
    direction: Direction = TO_STUDENT,
    content: bytes = b"Subject: Plan\r\n\r\nTomorrow at ten.\r\n",
    excerpt: str = "Tomorrow at ten.",
) -> Message:
    """Mail to one student, and to others without a pair."""
    address = f"{student.lower()}@students.example"
    return Message(
        id=new_id(at, next(_count).to_bytes(10, "big")),
        channel=MAIL,
        envelope=Envelope(sender, (Recipient(address), *map(Recipient, others))),
        content=content,
        sha256=sha256_of(content),
        received_at=at,
        relation=Relation((Pair(address, staff, student, direction),)),
        prefix=b"Received: from here by there\r\n",
        subject="Plan",
        message_id=f"<{os.urandom(6).hex()}@district.example>",
        excerpt=excerpt,
    )


def text(at: float = NOON, *, student: str = "S1", staff: str = "T1", direction: Direction = TO_STUDENT) -> Message:
    """A text from a staff member to a student, or back."""
    phone = "+15550100" if direction is TO_STUDENT else "+15550200"
    return Message(
        id=new_id(at, next(_count).to_bytes(10, "big")),
        channel=SMS,
        envelope=Envelope("+15550300", (Recipient(phone),)),
        content=b"ok",
        sha256=sha256_of(b"ok"),
        received_at=at,
        relation=Relation((Pair(phone, staff, student, direction),)),
    )


def ours(to: str = "ann@district.example", at: float = NOON) -> Message:
    """A bounce of our own: null sender, no pair."""
    content = b"Subject: Undelivered\r\n\r\n"
    return replace(
        mail(at, content=content),
        envelope=Envelope("", (Recipient(to),)),
        relation=Relation(),
        sha256=sha256_of(content),
    )


def contact(message: Message, *, night: bool = False, alone: bool = True, outside: bool = False) -> list[ContactLogRow]:
    """The contact rows of a message."""
    return [
        ContactLogRow(conversation_id(pair.staff, pair.student), pair.staff, pair.student, night, alone, outside)
        for pair in message.relation.pairs
    ]


def decision(action: Action = Action.RELEASE, *clauses: str, due_in: float | None = None) -> Decision:
    """A decision of the policy."""
    return Decision(action, TO_STUDENT, "policy-hash", clauses, (), due_in)


def verdict_on(message: Message, clause: str = "7a", score: float = 0.91) -> Verdict:
    """A verdict with one finding."""
    finding = Finding(clause, score, "lexicon", (Span("1", 2, 7),), cue="secret", quoted=True, about="S9")
    return Verdict(message.id, message.sha256, "1.2.0", "en", (finding,), {"personal": 0.75}, 0.125, (), 3.5)


def becomes(
    state: State,
    says: Decision | None = None,
    *,
    by: str = "policy",
    only: Sequence[str] = (),
    verdict: Verdict | None = None,
) -> Callable[[PendingMessage], Transition]:
    """A rule that changes the received and held recipients (or only some), with an audit entry and a follow-up."""

    def rule(pending: PendingMessage) -> Transition:
        open_ = [recipient for recipient in pending.recipients if recipient.state in (State.RECEIVED, State.HELD)]
        chosen = [item for item in open_ if not only or item.address in only]
        if not chosen:
            return Transition()
        return Transition(
            tuple(StateChange(item.address, state, says, by) for item in chosen),
            (Followup(FollowupKind.DECISION, pending.id, {"by": by}),),
            (AuditEntry(NOON, by, "decide", pending.id, {"state": state.value}),),
            verdict,
        )

    return rule


def all_sent(claim: Claim, reply: str = "250 2.0.0 Ok") -> dict[str, tuple[Outcome, float | None]]:
    """Outcomes: every recipient of a claim was sent."""
    return {recipient.recipient.address: (Sent(reply), None) for recipient in claim.recipients}
