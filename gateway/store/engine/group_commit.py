"""Group commit: all waiting writes go into one transaction, so that one fsync serves all of them.

A write is a function over a list of items. Each caller waits for the answer to its own item. Meanwhile the items of the
next transaction gather. If a transaction fails, it is rolled back and each item gets a transaction of its own, so that
a bad item fails alone. If the answer to a commit is lost, its callers wait until the database has said whether it
happened; meanwhile other writes fail at once.

Two kinds of write save transactions when messages come one by one, where each transaction would cost an fsync and two
thread switches: a write that nobody waits for joins the next transaction (`write_later`), and a claim joins the
transaction that makes due what it asks for (`claim_with`).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from gateway.ports.messages import StoreDown, WakeupSignal
from gateway.store.engine.connections import CommitInDoubt, Connections, WriteRefused
from gateway.store.engine.dialects import Database

MAX_ITEMS = 256
"""Items of one transaction, which limits how long it takes."""

MAX_BESIDE, URGENT_SECONDS = 32, 1.0
"""Other items of a transaction while there are urgent ones, or were within these seconds: an urgent item waits for the
running transaction and its own, so both must be short.
"""

MIN_INTERVAL = 0.002
"""Seconds between the starts of two transactions: under load each holds more. After a pause, one starts at once."""

MAX_DELAY = 0.2
"""Seconds that a write which nobody waits for waits at most for a transaction to join."""

DOUBT_PAUSE = 0.25
"""Seconds between two questions whether a commit has happened."""

MAX_DOUBT = 540.0
"""Seconds after which its callers get StoreDown all the same. Mail clients wait ten minutes for an answer."""

_REPEATS = 5  # of a transaction whose commit was in doubt and has not happened
_CLOSING_DOUBT = 3.0  # seconds of questions while the store is being closed

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Write(Generic[Item, Answer]):
    """One kind of write. `run` returns the answers to its items in order.

    Within a transaction, writes run by rising `rank`. Writes that wait for locks of other processes come first, in the
    order of ids; writes that skip locked rows come last. So no two transactions wait for each other.

    `urgent`: its items are written ahead of all others that wait.
    """

    run: Callable[[Database, Sequence[Item]], Sequence[Answer]]
    rank: int = 1
    urgent: bool = False


@dataclass(slots=True, eq=False)
class _PendingWrite:
    write: Write[Any, Any]
    item: Any
    answer: asyncio.Future[Any]
    name: Hashable = None  # this and the following: of waiting claims
    wakeup: WakeupSignal | None = None
    taken: bool = False  # a transaction took it along
    left: bool = False  # its caller waits no longer


@dataclass(slots=True, eq=False)
class _Doubt:
    """A transaction that has committed or not, and what its work answered."""

    batch: Sequence[_PendingWrite]
    claims: Sequence[_PendingWrite]
    result: Any
    until: float


def _next_items(waiting: list[_PendingWrite], limit: int) -> tuple[list[_PendingWrite], list[_PendingWrite]]:
    """The items of the next transaction, urgent ones first, and those that go on waiting. `limit`: of the others."""
    urgent = [pending for pending in waiting if pending.write.urgent]
    others = [pending for pending in waiting if not pending.write.urgent] if urgent else waiting
    return [*urgent[:MAX_ITEMS], *others[:limit]], [*urgent[MAX_ITEMS:], *others[limit:]]


def _note_error(answer: asyncio.Future[Any]) -> None:
    """Take note of an error that is told only once, though several items have it. asyncio logs unseen ones."""
    if not answer.cancelled():
        answer.exception()


class Writer:
    """The one writer of a process: a thread with a connection, fed by the event loop that started it."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._waiting: list[_PendingWrite] = []
        self._later: list[_PendingWrite] = []
        self._claims: list[_PendingWrite] = []
        self._topics: dict[Hashable, str] = {}  # by name of a claim: what it waits for
        self._missed: set[Hashable] = set()  # names of claims whose topic became due while none waited
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._overdue = False
        self._doubt: _Doubt | None = None

    def start(self) -> None:
        """Start writing, on the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="store-writer")

    async def stop(self) -> None:
        """Write what waits, then end."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connections.drop)
        self._thread.shutdown()

    async def write(self, write: Write[Item, Answer], item: Item) -> Answer:
        """Write one item and return its answer after the commit. Raises StoreDown if nothing was written."""
        return await self._put(write, item)

    async def write_all(self, write: Write[Item, Answer], items: Sequence[Item]) -> list[Answer]:
        """Write several items, each on its own. Raises the first error once all of them are done."""
        answers = [self._put(write, item) for item in items]
        for answer in answers:
            answer.add_done_callback(_note_error)
        if answers:
            await asyncio.wait(answers)
        return [answer.result() for answer in answers]

    async def write_later(self, write: Write[Item, Answer], item: Item) -> Answer:
        """Like `write`, but the item joins the next transaction, or gets its own after MAX_DELAY."""
        pending = self._pending(write, item)
        self._later.append(pending)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(MAX_DELAY, self._ring)
        answer: Answer = await pending.answer
        return answer

    async def claim_with(
        self, write: Write[Item, Answer], item: Item, name: Hashable, topic: str, wakeup: WakeupSignal, seconds: float
    ) -> Answer | None:
        """Run a claim within the transaction that makes `topic` due (see `Database.made_due`).

        Claims at once if the topic became due while no claim of this `name` waited, or if the signal wakes it: another
        process may have made it due. Returns None if no transaction had anything for it within `seconds`. An answer
        that is false counts as nothing. Raises StoreDown.
        """
        woken = name in self._missed or self._topics.get(name) != topic
        self._topics[name] = topic
        if not woken:
            claim = self._pending(write, item)
            claim.name, claim.wakeup = name, wakeup
            self._claims.append(claim)
            try:
                woken = await wakeup.rest(seconds)
            finally:
                claim.left = True
                if not claim.taken:
                    self._claims.remove(claim)
            if claim.taken:
                answer: Answer | None = await claim.answer
                return answer
        if not woken or wakeup.stopped:
            return None
        found: Answer = await self.claim_now(write, item, name)
        return found

    async def claim_now(self, write: Write[Item, Answer], item: Item, name: Hashable) -> Answer:
        """Run a claim at once. It sees everything that became due until now."""
        self._missed.discard(name)
        return await self.write(write, item)

    def _pending(self, write: Write[Item, Answer], item: Item) -> _PendingWrite:
        if self._closing:
            raise StoreDown("the store is closed")
        return _PendingWrite(write, item, asyncio.get_running_loop().create_future())

    def _put(self, write: Write[Item, Answer], item: Item) -> asyncio.Future[Answer]:
        pending = self._pending(write, item)
        self._waiting.append(pending)
        self._wake.set()
        return pending.answer

    def _ring(self) -> None:
        self._timer = None
        self._overdue = bool(self._later)
        if self._overdue:
            self._wake.set()

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        began = urgent_until = -math.inf
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._doubt is not None:
                await self._ask_again(self._doubt)
            while self._waiting or self._overdue or (self._closing and self._later):
                if (early := began + MIN_INTERVAL - clock()) > 0 and not self._closing:
                    await asyncio.sleep(early)
                began = clock()
                self._waiting += self._later
                self._later, self._overdue = [], False
                if any(pending.write.urgent for pending in self._waiting):
                    urgent_until = began + URGENT_SECONDS
                first, self._waiting = _next_items(self._waiting, MAX_BESIDE if began < urgent_until else MAX_ITEMS)
                batch = [pending for pending in first if not pending.answer.done()]  # a caller may have given up
                claims, self._claims = self._claims, []
                if batch and not await self._transaction(batch, claims):
                    for pending in batch:
                        await self._transaction([pending])
                elif not batch:
                    self._claims += claims
            if self._closing and self._doubt is None:
                return

    async def _transaction(
        self, batch: Sequence[_PendingWrite], claims: Sequence[_PendingWrite] = (), repeats: int = _REPEATS
    ) -> bool:
        """Run one transaction. Returns False if it failed and its items must be tried alone."""
        for claim in claims:
            claim.taken = True
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._thread, self._commit, batch, claims)
        await asyncio.wait([work])
        error = work.exception()
        if isinstance(error, CommitInDoubt):
            return await self._settle(_Doubt(batch, claims, error.answer, loop.time() + MAX_DOUBT), repeats)
        if error is not None:
            self._answer_claims(claims, {}, frozenset())
            down = isinstance(error, StoreDown) and not isinstance(error, WriteRefused)
            if not down and (claims or len(batch) > 1):
                return False
            for pending in batch:
                if not pending.answer.done():
                    pending.answer.set_exception(error)
            return True
        self._answer(batch, claims, work.result())
        return True

    async def _settle(self, doubt: _Doubt, repeats: int) -> bool:
        """End a doubt if the database says whether the commit has happened; else keep it for later."""
        try:
            happened = await asyncio.get_running_loop().run_in_executor(self._thread, self._connections.resolve)
        except StoreDown:
            self._doubt = doubt
            asyncio.get_running_loop().call_later(DOUBT_PAUSE, self._wake.set)
            return True
        if happened:
            self._answer(doubt.batch, doubt.claims, doubt.result)
            return True
        waiting = [pending for pending in doubt.batch if not pending.answer.done()]  # a caller may have given up
        if waiting and repeats:
            return await self._transaction(waiting, doubt.claims, repeats - 1)
        self._fail(doubt, StoreDown("the connection is lost during every commit"))
        return True

    async def _ask_again(self, doubt: _Doubt) -> None:
        clock = asyncio.get_running_loop().time
        if self._closing:
            doubt.until = min(doubt.until, clock() + _CLOSING_DOUBT)
        self._doubt = None
        if clock() >= doubt.until:
            self._connections.give_up_doubt()
            self._fail(doubt, StoreDown("it is not known whether the commit has happened"))
        elif not await self._settle(doubt, _REPEATS):
            for pending in doubt.batch:
                await self._transaction([pending])

    def _fail(self, doubt: _Doubt, error: StoreDown) -> None:
        self._answer_claims(doubt.claims, {}, frozenset())
        for pending in doubt.batch:
            if not pending.answer.done():
                pending.answer.set_exception(error)

    def _answer(
        self, batch: Sequence[_PendingWrite], claims: Sequence[_PendingWrite],
        result: tuple[list[Any], dict[int, Any], frozenset[str]],
    ) -> None:  # fmt: skip
        answers, claimed, made_due = result
        self._answer_claims(claims, claimed, made_due)
        for pending, answer in zip(batch, answers, strict=True):
            if not pending.answer.done():
                pending.answer.set_result(answer)

    def _answer_claims(
        self, claims: Iterable[_PendingWrite], claimed: dict[int, Any], made_due: frozenset[str]
    ) -> None:
        """Answer the claims that got something. The others wait for the next transaction, unless their caller left."""
        for claim in claims:
            answer = claimed.get(id(claim))
            if answer and not claim.left and claim.wakeup is not None:
                claim.wakeup.wake()
            if not (answer or claim.left):
                claim.taken = False
                self._claims.append(claim)
            elif not claim.answer.done():
                claim.answer.set_result(answer)
        missed = {name for name, topic in self._topics.items() if topic in made_due} - {claim.name for claim in claims}
        self._missed |= missed
        for claim in self._claims:
            if claim.name in missed and claim.wakeup is not None:
                claim.wakeup.wake()

    def _commit(
        self, batch: Sequence[_PendingWrite], claims: Sequence[_PendingWrite]
    ) -> tuple[list[Any], dict[int, Any], frozenset[str]]:
        by_write: dict[int, tuple[Write[Any, Any], list[int]]] = {}
        for at, pending in enumerate(batch):
            by_write.setdefault(id(pending.write), (pending.write, []))[1].append(at)
        ordered = sorted(by_write.values(), key=lambda group: group[0].rank)

        def work(db: Database) -> tuple[list[Any], dict[int, Any], frozenset[str]]:
            answers: list[Any] = [None] * len(batch)
            for write, places in ordered:
                for at, answer in zip(places, write.run(db, [batch[at].item for at in places]), strict=True):
                    answers[at] = answer
            claimed: dict[int, Any] = {}
            for claim in sorted(claims, key=lambda claim: claim.write.rank):
                if self._topics[claim.name] in db.made_due:  # claims wait for no lock, so they may come last
                    claimed[id(claim)] = claim.write.run(db, [claim.item])[0]
            return answers, claimed, frozenset(db.made_due)

        return self._connections.transaction(work)
