"""Group commit: all waiting writes go into one transaction, so that one fsync serves all of them.

A write is a function over a list of items. Each caller waits for the answer to its own item. Meanwhile the items of the
next transaction gather. If a transaction fails, it is rolled back and each item gets a transaction of its own, so that
a bad item fails alone.

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
from gateway.store.engine.connections import Connections, WriteRefused
from gateway.store.engine.dialects import Database

MAX_ITEMS = 256
"""Items of one transaction, which limits how long it takes."""

MIN_INTERVAL = 0.002
"""Seconds between the starts of two transactions: under load each holds more. After a pause, one starts at once."""

MAX_DELAY = 0.2
"""Seconds that a write which nobody waits for waits at most for a transaction to join."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Write(Generic[Item, Answer]):
    """One kind of write. `run` returns the answers to its items in order.

    Within a transaction, writes run by rising `rank`. Writes that wait for locks of other processes come first, in the
    order of ids; writes that skip locked rows come last. So no two transactions wait for each other.
    """

    run: Callable[[Database, Sequence[Item]], Sequence[Answer]]
    rank: int = 1


@dataclass(slots=True, eq=False)
class _PendingWrite:
    write: Write[Any, Any]
    item: Any
    answer: asyncio.Future[Any]
    name: Hashable = None  # this and the following: of waiting claims
    wakeup: WakeupSignal | None = None
    taken: bool = False  # a transaction took it along
    left: bool = False  # its caller waits no longer


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
        began = -math.inf
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self._overdue or (self._closing and self._later):
                if (early := began + MIN_INTERVAL - clock()) > 0 and not self._closing:
                    await asyncio.sleep(early)
                began = clock()
                self._waiting += self._later
                self._later, self._overdue = [], False
                first, self._waiting = self._waiting[:MAX_ITEMS], self._waiting[MAX_ITEMS:]
                batch = [pending for pending in first if not pending.answer.done()]  # a caller may have given up
                claims, self._claims = self._claims, []
                if batch and not await self._transaction(batch, claims):
                    for pending in batch:
                        await self._transaction([pending])
                elif not batch:
                    self._claims += claims
            if self._closing:
                return

    async def _transaction(self, batch: Sequence[_PendingWrite], claims: Sequence[_PendingWrite] = ()) -> bool:
        """Run one transaction. Returns False if it failed and its items must be tried alone."""
        for claim in claims:
            claim.taken = True
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._commit, batch, claims)
        await asyncio.wait([work])
        error = work.exception()
        if error is not None:
            self._answer_claims(claims, {}, frozenset())
            down = isinstance(error, StoreDown) and not isinstance(error, WriteRefused)
            if not down and (claims or len(batch) > 1):
                return False
            for pending in batch:
                if not pending.answer.done():
                    pending.answer.set_exception(error)
            return True
        answers, claimed, made_due = work.result()
        self._answer_claims(claims, claimed, made_due)
        for pending, answer in zip(batch, answers, strict=True):
            if not pending.answer.done():
                pending.answer.set_result(answer)
        return True

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
