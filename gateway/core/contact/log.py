"""The contact log: one row for each conversation that a message belongs to, written when the message is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from gateway.core.contact.calendar import NightHours, local_minute
from gateway.core.contact.history import EMERGENCY, MOVES, OCCASION, TOGETHER
from gateway.core.contact.occasions import is_occasion
from gateway.core.contact.phrases import is_emergency, moves_to_school_account
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.parties import Direction, Relation, is_outsider


@dataclass(frozen=True, slots=True)
class ContactLogRow:
    """One row of the contact log: one message in one conversation.

    `night` is by the policy at acceptance. `local`: the local minute. `author`: the sourcedId of the sender, or the
    address of a sender who is only claimed to be that person. `marks`: see gateway.core.contact.history.
    """

    conversation: str
    staff: str
    student: str
    night: bool
    alone: bool
    outside: bool
    local: int | None = None
    channel: str = ""
    author: str = ""
    marks: int = 0


def contact_log_rows(
    relation: Relation,
    recipients: Sequence[str],
    received_at: float,
    time_zone: tzinfo,
    night: NightHours,
    *,
    sender: str = "",
    channel: str = "",
    text: str = "",
    subject: str = "",
) -> tuple[ContactLogRow, ...]:
    """The rows of the contact log for one message: one per conversation that it belongs to.

    `recipients` are all recipients of the envelope. A pair is alone when no recipient, except the sender's own address,
    stands for anybody else. Pairs with guardians are not counted. `received_at` is in seconds since the epoch. `text`
    is the start of the new text.
    """
    local = local_minute(received_at, time_zone)
    at_night = night.contains_local(local)
    people: dict[str, set[tuple[str, str]]] = {address: set() for address in recipients if address != sender}
    outside: dict[tuple[str, str], bool] = {}
    authors: dict[tuple[str, str], str] = {}
    for pair in relation.pairs:
        if pair.guardian:
            continue
        key = (pair.staff, pair.student)
        people.setdefault(pair.recipient, set()).add(key)
        outside[key] = outside.get(key, False) or pair.outside
        author = pair.staff if pair.direction is Direction.STAFF_TO_STUDENT else pair.student
        if pair.claimed:
            authors.setdefault(key, sender.lower())
        else:
            authors[key] = author
    marks = text_marks(text) if any(outside.values()) else 0
    if len([key for key in outside if is_outsider(key[0])]) > 1:
        marks |= TOGETHER | OCCASION * is_occasion(f"{subject}\n{text}")
    return tuple(
        ContactLogRow(
            conversation_id(*key),
            *key,
            at_night,
            alone=all(pairs == {key} for pairs in people.values()),
            outside=is_outside,
            local=local,
            channel=channel,
            author=authors[key],
            marks=marks if is_outside else 0,
        )
        for key, is_outside in outside.items()
    )


def text_marks(text: str) -> int:
    """The marks of a text on a personal account."""
    return MOVES * moves_to_school_account(text) | EMERGENCY * is_emergency(text)
