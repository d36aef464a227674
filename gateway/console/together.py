"""A mailing that is held many times over: its messages side by side, with what differs from the first one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.console.desk import Desk
from gateway.console.names import Names, Someone
from gateway.console.problems import Problem
from gateway.core.account import Right, User
from gateway.core.decision import Act
from gateway.core.mailing import words_of
from gateway.core.moderation import Held

MOST_TOGETHER = 200
"""Messages that are decided at once."""
UNDO_TOGETHER = 15.0
"""Seconds in which decisions on a whole mailing can be taken back."""
_SHOWN = 600
_PIECE = re.compile(r"\w+|\W+")


@dataclass(frozen=True, slots=True)
class Copy:
    """One message of a mailing: to whom, and its beginning in pieces, those marked that the first one lacks."""

    held: Held
    recipients: tuple[Someone, ...]
    pieces: tuple[tuple[str, bool], ...]
    mine: bool  # has a part in it: somebody else decides


@dataclass(frozen=True, slots=True)
class Mailing:
    """The messages of one mailing that are held and theirs."""

    sender: Someone
    copies: tuple[Copy, ...]

    @property
    def clauses(self) -> tuple[str, ...]:
        """What they are held for."""
        return tuple(dict.fromkeys(clause for each in self.copies for clause in each.held.clauses))


async def mailing(desk: Desk, user: User, id_: str) -> Mailing:
    """The mailing that a held message belongs to; that its beginnings are read is in the audit log."""
    await desk.need(user, Right.CONTENT, id_)
    held = [each.held for each in (await desk.of_mailing(user, id_))[:MOST_TOGETHER]]
    if not held:
        raise Problem(404, "This message is not held any more, or is not yours to see.")
    now = await desk.store.now()
    await desk.store.record([Act(now, user.name, "viewed", each.id, {"what": "beginning"}) for each in held])
    names = Names(desk.register, hidden=desk.hides(user))
    for each in held:
        names.add_held(each)
    first = words_of(names.hide(held[0].excerpt))
    copies = []
    for each in held:
        shown = names.held(each)
        pieces = tuple(
            (piece, piece.lower() not in first and piece.strip() != "" and piece.isalnum())
            for piece in _PIECE.findall(shown.excerpt[:_SHOWN])
        )
        trace = await desk.find(user, each.id)
        people = tuple(names.someone(to) for to in each.recipients[:4])
        copies.append(Copy(shown, people, pieces, desk.in_part(user, trace)))
    return Mailing(names.someone(held[0].sender), tuple(copies))
