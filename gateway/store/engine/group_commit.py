"""Group commit: everything that waits to be written goes into one transaction, and one fsync serves all of it.

A write is a function over a list of items. Callers wait for their item's answer; meanwhile the next transaction
gathers. When a transaction fails, it is rolled back and each item gets one of its own, so that a bad one fails alone.

Two kinds of write save transactions, for where messages come one by one each of them is an fsync and two threads that
wake: a write that nobody waits for goes along with the next one (`later`), and a claim goes along with whatever makes
due what it asks for (`ride`).
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
from gateway.store.engine.dialects import Run

MOST_ITEMS = 256
"""Items of one transaction: bounds how long one may take."""

PACE = 0.002
"""Seconds from one transaction's beginning to the next: under load more goes into each. The first of a pause goes at
once."""

PATIENCE = 0.2
"""Seconds that a write which nobody waits for stays behind at most for others to go along with."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Write(Generic[Item, Answer]):
    """One kind of write. `run` answers each item in order.

    Within a transaction writes go by rising `rank`. What waits for another process's locks comes first and in the
    order of ids, what skips them last: so no two transactions wait for one another.
    """

    run: Callable[[Run, Sequence[Item]], Sequence[Answer]]
    rank: int = 1


@dataclass(slots=True, eq=False)
class _Waiting:
    write: Write[Any, Any]
    item: Any
    answer: asyncio.Future[Any]
    of: Hashable = None  # the rest is of riders
    alarm: WakeupSignal | None = None
    aboard: bool = False  # a transaction took it along
    left: bool = False  # it is not to be taken along any more


class Writer:
    """The one writer of a process: a thread with a connection, fed by the event loop that started it."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._waiting: list[_Waiting] = []
        self._later: list[_Waiting] = []
        self._riders: list[_Waiting] = []
        self._known: dict[Hashable, str] = {}
        self._missed: set[Hashable] = set()
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._due: asyncio.TimerHandle | None = None
        self._overdue = False

    def start(self) -> None:
        """Begin to write, on the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._write(), name="store-writer")

    async def stop(self) -> None:
        """Write what waits, then end."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._due is not None:
            self._due.cancel()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connections.drop)
        self._thread.shutdown()

    async def do(self, write: Write[Item, Answer], item: Item) -> Answer:
        """Have one item written; returns after its commit. Raises StoreDown when nothing was written."""
        return await self._put(write, item)

    async def do_all(self, write: Write[Item, Answer], items: Sequence[Item]) -> list[Answer]:
        """Have several items written, each for itself; raises the first error once all of them are done."""
        answers = [self._put(write, item) for item in items]
        if answers:
            await asyncio.wait(answers)
        return [answer.result() for answer in answers]

    async def later(self, write: Write[Item, Answer], item: Item) -> Answer:
        """Have one item written with the next transaction, within PATIENCE; else as `do`."""
        waiting = self._asked(write, item)
        self._later.append(waiting)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(PATIENCE, self._ring)
        answer: Answer = await waiting.answer
        return answer

    async def ride(
        self, write: Write[Item, Answer], item: Item, of: Hashable, news: str, alarm: WakeupSignal, seconds: float
    ) -> Answer | None:
        """Have one item written within the transaction that brings `news`, as `Run.news` has it; its answer.

        At once where news came while nobody rode under the name `of`, and when the alarm rings: it tells of other
        processes. None where no transaction had something for it (an answer that is not empty) and the time is up.
        Raises StoreDown.
        """
        woken = of in self._missed or self._known.get(of) != news
        self._known[of] = news
        if not woken:
            rider = self._asked(write, item)
            rider.of, rider.alarm = of, alarm
            self._riders.append(rider)
            try:
                woken = await alarm.rest(seconds)
            finally:
                rider.left = True
                if not rider.aboard:
                    self._riders.remove(rider)
            if rider.aboard:
                answer: Answer | None = await rider.answer
                return answer
        if not woken or alarm.stopped:
            return None
        found: Answer = await self.look(write, item, of)
        return found

    async def look(self, write: Write[Item, Answer], item: Item, of: Hashable) -> Answer:
        """As `do`, for somebody who rides: what came until now is seen."""
        self._missed.discard(of)
        return await self.do(write, item)

    def _asked(self, write: Write[Item, Answer], item: Item) -> _Waiting:
        if self._closing:
            raise StoreDown("the store is closed")
        return _Waiting(write, item, asyncio.get_running_loop().create_future())

    def _put(self, write: Write[Item, Answer], item: Item) -> asyncio.Future[Answer]:
        waiting = self._asked(write, item)
        self._waiting.append(waiting)
        self._wake.set()
        return waiting.answer

    def _ring(self) -> None:
        self._due = None
        self._overdue = bool(self._later)
        if self._overdue:
            self._wake.set()

    async def _write(self) -> None:
        clock = asyncio.get_running_loop().time
        began = -math.inf
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self._overdue or (self._closing and self._later):
                if (early := began + PACE - clock()) > 0 and not self._closing:
                    await asyncio.sleep(early)
                began = clock()
                self._waiting += self._later
                self._later, self._overdue = [], False
                taken, self._waiting = self._waiting[:MOST_ITEMS], self._waiting[MOST_ITEMS:]
                batch = [each for each in taken if not each.answer.done()]  # a caller may have given up
                riders, self._riders = self._riders, []
                if batch and not await self._transaction(batch, riders):
                    for each in batch:
                        await self._transaction([each])
                elif not batch:
                    self._riders += riders
            if self._closing:
                return

    async def _transaction(self, batch: Sequence[_Waiting], riders: Sequence[_Waiting] = ()) -> bool:
        """One transaction; False when it failed and its items are to be tried alone."""
        for rider in riders:
            rider.aboard = True
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._commit, batch, riders)
        await asyncio.wait([work])
        error = work.exception()
        if error is not None:
            self._let_off(riders, {}, frozenset())
            down = isinstance(error, StoreDown) and not isinstance(error, WriteRefused)
            if not down and (riders or len(batch) > 1):
                return False
            for each in batch:
                if not each.answer.done():
                    each.answer.set_exception(error)
            return True
        answers, ridden, news = work.result()
        self._let_off(riders, ridden, news)
        for each, answer in zip(batch, answers, strict=True):
            if not each.answer.done():
                each.answer.set_result(answer)
        return True

    def _let_off(self, riders: Iterable[_Waiting], ridden: dict[int, Any], news: frozenset[str]) -> None:
        """Riders that got something are told; the others go along with the next transaction, unless they left."""
        for rider in riders:
            got = ridden.get(id(rider))
            if got and not rider.left and rider.alarm is not None:
                rider.alarm.wake()
            if not (got or rider.left):
                rider.aboard = False
                self._riders.append(rider)
            elif not rider.answer.done():
                rider.answer.set_result(got)
        unseen = {of for of, waits_for in self._known.items() if waits_for in news} - {rider.of for rider in riders}
        self._missed |= unseen
        for rider in self._riders:
            if rider.of in unseen and rider.alarm is not None:
                rider.alarm.wake()

    def _commit(
        self, batch: Sequence[_Waiting], riders: Sequence[_Waiting]
    ) -> tuple[list[Any], dict[int, Any], frozenset[str]]:
        kinds: dict[int, tuple[Write[Any, Any], list[int]]] = {}
        for at, each in enumerate(batch):
            kinds.setdefault(id(each.write), (each.write, []))[1].append(at)
        ordered = sorted(kinds.values(), key=lambda kind: kind[0].rank)

        def all_of_it(run: Run) -> tuple[list[Any], dict[int, Any], frozenset[str]]:
            answers: list[Any] = [None] * len(batch)
            for write, places in ordered:
                for at, answer in zip(places, write.run(run, [batch[at].item for at in places]), strict=True):
                    answers[at] = answer
            ridden: dict[int, Any] = {}
            for rider in sorted(riders, key=lambda each: each.write.rank):
                if self._known[rider.of] in run.news:  # claims: they wait for nobody's lock, so they may come last
                    ridden[id(rider)] = rider.write.run(run, [rider.item])[0]
            return answers, ridden, frozenset(run.news)

        return self._connections.transaction(all_of_it)
