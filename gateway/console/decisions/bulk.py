"""Near-duplicates that are held: shown side by side, with what differs from the first one, and decided in bulk."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gateway.console.auth.authorization import Authorization
from gateway.console.decisions.service import DecisionService
from gateway.console.messages.names import Names, PersonView
from gateway.console.queue.service import QueueService
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import Proposal
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.near_duplicates import words_of
from gateway.core.review.views import HeldMessage
from gateway.ports.audit import AuditStore
from gateway.ports.clock import StoreClock

MAX_BULK = 200
"""Messages of one bulk decision."""
BULK_UNDO_SECONDS = 15.0
"""How long a bulk decision can be undone before it takes effect."""
BulkAction: TypeAlias = Literal["release", "reject"]
BULK_ACTIONS: Mapping[str, BulkAction] = {"release": "release", "reject": "reject"}
_EXCERPT, _CONCURRENT, _MAX_RECIPIENTS = 600, 8, 4
_PIECE = re.compile(r"\w+|\W+")


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """One message: its recipients, and its excerpt in pieces, each with whether the first message lacks it."""

    message: HeldMessage
    recipients: tuple[PersonView, ...]
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """The held near-duplicates that an account sees."""

    sender: PersonView
    messages: tuple[NearDuplicate, ...]

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses that they are held for."""
        return tuple(dict.fromkeys(clause for duplicate in self.messages for clause in duplicate.message.clauses))


@dataclass(frozen=True, slots=True)
class BulkResult:
    """The messages that were decided, and why the others were not."""

    done: tuple[str, ...]
    left: Mapping[str, str]


class BulkService:
    """Near-duplicates and bulk decisions on them."""

    def __init__(
        self, authorization: Authorization, queue: QueueService, decisions: DecisionService,
        directory: ConsoleDirectory, clock: StoreClock, audit: AuditStore,
    ) -> None:  # fmt: skip
        self._authorization, self._queue, self._decisions = authorization, queue, decisions
        self._directory, self._clock, self._audit = directory, clock, audit

    async def near_duplicates(self, user: User, id_: str) -> NearDuplicates:
        """A held message and its near-duplicates. The audit log says that their excerpts were viewed.

        Raises a Problem if the account may not read them, or if the message is not held.
        """
        await self._authorization.require(user, Right.CONTENT, id_)
        messages = (await self._queue.near_duplicates(user, id_))[:MAX_BULK]
        if not messages:
            raise Problem(404, "This message is no longer held, or is not yours to see.")
        now = await self._clock.now()
        await self._audit.record([
            AuditEntry(now, user.name, "viewed", message.id, {"what": "beginning"}) for message in messages
        ])  # fmt: skip
        names = Names(self._directory, hidden=self._authorization.hides_names(user))
        for message in messages:
            names.add_held(message)
        first = words_of(names.hide(messages[0].excerpt))
        return NearDuplicates(
            names.person(messages[0].sender),
            tuple(
                NearDuplicate(
                    names.held(message),
                    tuple(names.person(address) for address in message.recipients[:_MAX_RECIPIENTS]),
                    tuple(
                        (piece, piece.lower() not in first and piece.strip() != "" and piece.isalnum())
                        for piece in _PIECE.findall(names.held(message).excerpt[:_EXCERPT])
                    ),
                )
                for message in messages
            ),
        )

    async def decide(
        self, user: User, ids: Sequence[str], action: BulkAction, reason: str, words: str = ""
    ) -> BulkResult:
        """Release or reject messages. For some seconds this can be undone. Raises a Problem if none is chosen."""
        await self._authorization.require(user, Right.DECIDE)
        chosen = list(dict.fromkeys(ids))[:MAX_BULK]
        if not chosen:
            raise Problem(422, "Nothing was chosen: tick the messages that you decide on.")

        async def decide_one(id_: str) -> str:
            try:
                done = await self._decisions.decide(
                    user, id_, action, reason, after=BULK_UNDO_SECONDS, words=words
                )  # fmt: skip
            except Problem as problem:
                return problem.detail
            return "It waits for a second person." if isinstance(done, Proposal) else ""

        problems = dict(zip(chosen, await _gather([decide_one(id_) for id_ in chosen]), strict=True))
        return BulkResult(
            tuple(id_ for id_, why in problems.items() if not why), {id_: why for id_, why in problems.items() if why}
        )

    async def undo(self, user: User, ids: Sequence[str]) -> tuple[str, ...]:
        """Hold messages of a bulk decision again; those that had not left. Raises a Problem if all have left."""
        await self._authorization.require(user, Right.DECIDE)
        held_again = []
        for id_ in list(dict.fromkeys(ids))[:MAX_BULK]:
            try:
                await self._decisions.undo(user, id_)
            except Problem:  # this one has left; the others can still be held
                continue
            held_again.append(id_)
        if not held_again:
            raise Problem(409, "It is too late to undo this: it has left.")
        return tuple(held_again)


async def _gather(work: Sequence[Awaitable[str]]) -> list[str]:
    """Results in order; a few run at a time."""
    limit = asyncio.Semaphore(_CONCURRENT)

    async def run(each: Awaitable[str]) -> str:
        async with limit:
            return await each

    return list(await asyncio.gather(*map(run, work)))
