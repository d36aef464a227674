"""A mailing that is held many times over: its messages side by side, with what differs from the first one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gateway.console.messages.names import Names, PersonView
from gateway.console.service import Desk
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import Proposal
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.near_duplicates import words_of
from gateway.core.review.views import HeldMessage

MOST_TOGETHER = 200
"""Messages that are decided at once."""
UNDO_TOGETHER = 15.0
"""Seconds in which decisions on a whole mailing can be taken back."""
DeedTogether: TypeAlias = Literal["release", "reject"]
DEEDS_TOGETHER: Mapping[str, DeedTogether] = {"release": "release", "reject": "reject"}
_SHOWN, _AT_ONCE = 600, 8
_PIECE = re.compile(r"\w+|\W+")


@dataclass(frozen=True, slots=True)
class Copy:
    """One message of a mailing: to whom, and its beginning in pieces, those marked that the first one lacks."""

    held: HeldMessage
    recipients: tuple[PersonView, ...]
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Mailing:
    """The messages of one mailing that are held and theirs."""

    sender: PersonView
    copies: tuple[Copy, ...]

    @property
    def clauses(self) -> tuple[str, ...]:
        """What they are held for."""
        return tuple(dict.fromkeys(clause for each in self.copies for clause in each.held.clauses))


async def mailing(desk: Desk, user: User, id_: str) -> Mailing:
    """The mailing that a held message belongs to; that its beginnings are read is in the audit log."""
    await desk.need(user, Right.CONTENT, id_)
    held = [each.message for each in (await desk.of_mailing(user, id_))[:MOST_TOGETHER]]
    if not held:
        raise Problem(404, "This message is not held any more, or is not yours to see.")
    now = await desk.store.now()
    await desk.store.record([AuditEntry(now, user.name, "viewed", each.id, {"what": "beginning"}) for each in held])
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
        people = tuple(names.person(to) for to in each.recipients[:4])
        copies.append(Copy(shown, people, pieces))
    return Mailing(names.person(held[0].sender), tuple(copies))


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of messages that were decided together: the decided ones, and why the others were not."""

    done: tuple[str, ...]
    left: Mapping[str, str]


async def decide_together(
    desk: Desk, user: User, ids: Sequence[str], deed: str, reason: str, words: str = ""
) -> BulkResult:  # fmt: skip
    """Release or reject messages, with a while to take it back. Raises a Problem where there is nothing to do."""
    await desk.need(user, Right.DECIDE)
    chosen = list(dict.fromkeys(ids))[:MOST_TOGETHER]
    if not chosen:
        raise Problem(422, "Nothing was chosen: tick the messages that are to be decided.")

    async def one(id_: str) -> str:
        try:
            done = await desk.decide(user, id_, DEEDS_TOGETHER[deed], reason, after=UNDO_TOGETHER, words=words)
        except Problem as problem:
            return problem.detail
        return "It waits for a second person." if isinstance(done, Proposal) else ""

    told = dict(zip(chosen, await _few_at_once([one(each) for each in chosen]), strict=True))
    return BulkResult(
        tuple(id_ for id_, why in told.items() if not why), {id_: why for id_, why in told.items() if why}
    )


async def undo_together(desk: Desk, user: User, ids: Sequence[str]) -> tuple[str, ...]:
    """Hold again what was decided together a moment ago, as far as it has not left; raises a Problem where all has."""
    await desk.need(user, Right.DECIDE)
    back = []
    for id_ in list(dict.fromkeys(ids))[:MOST_TOGETHER]:
        try:
            await desk.undo(user, id_)
        except Problem:  # one of them has left: the others can still be held
            continue
        back.append(id_)
    if not back:
        raise Problem(409, "It is too late to undo this: it has left.")
    return tuple(back)


async def _few_at_once(work: Sequence[Awaitable[str]]) -> list[str]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def behind(each: Awaitable[str]) -> str:
        async with gate:
            return await each

    return list(await asyncio.gather(*map(behind, work)))
