"""Group commit: everything that waits to be written goes into one transaction, and one fsync serves all of it.

A write is a function over a list of items. Callers wait for their item's answer; meanwhile the next transaction
gathers. When a transaction fails, it is rolled back and each item gets one of its own, so that a bad one fails alone.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from gateway.ports import StoreDown
from gateway.store.connections import Connections, Refused
from gateway.store.statements import Run

MOST_ITEMS = 256
"""Items of one transaction: bounds how long one may take."""

PACE = 0.002
"""Seconds from one transaction's beginning to the next: under load more goes into each. The first of a pause goes at
once."""

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


@dataclass(slots=True)
class _Waiting:
    write: Write[Any, Any]
    item: Any
    answer: asyncio.Future[Any]


class Writer:
    """The one writer of a process: a thread with a connection, fed by the event loop that started it."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write, on the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._write(), name="store-writer")

    async def stop(self) -> None:
        """Write what waits, then end."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
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

    def _put(self, write: Write[Item, Answer], item: Item) -> asyncio.Future[Answer]:
        if self._closing:
            raise StoreDown("the store is closed")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(write, item, answer))
        self._wake.set()
        return answer

    async def _write(self) -> None:
        clock = asyncio.get_running_loop().time
        began = -math.inf
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                if (early := began + PACE - clock()) > 0 and not self._closing:
                    await asyncio.sleep(early)
                began = clock()
                taken, self._waiting = self._waiting[:MOST_ITEMS], self._waiting[MOST_ITEMS:]
                batch = [each for each in taken if not each.answer.done()]  # a caller may have given up
                if batch and not await self._transaction(batch) and len(batch) > 1:
                    for each in batch:
                        await self._transaction([each])
            if self._closing:
                return

    async def _transaction(self, batch: Sequence[_Waiting]) -> bool:
        """One transaction; False when it failed and its items are to be tried alone."""
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._commit, batch)
        await asyncio.wait([work])
        error = work.exception()
        down = isinstance(error, StoreDown) and not isinstance(error, Refused)
        if error is not None and len(batch) > 1 and not down:
            return False
        answers = [error] * len(batch) if error is not None else work.result()
        for each, answer in zip(batch, answers, strict=True):
            if each.answer.done():
                continue
            if error is not None:
                each.answer.set_exception(error)
            else:
                each.answer.set_result(answer)
        return True

    def _commit(self, batch: Sequence[_Waiting]) -> list[Any]:
        kinds: dict[int, tuple[Write[Any, Any], list[int]]] = {}
        for at, each in enumerate(batch):
            kinds.setdefault(id(each.write), (each.write, []))[1].append(at)
        ordered = sorted(kinds.values(), key=lambda kind: kind[0].rank)

        def all_of_it(run: Run) -> list[Any]:
            answers: list[Any] = [None] * len(batch)
            for write, places in ordered:
                for at, answer in zip(places, write.run(run, [batch[at].item for at in places]), strict=True):
                    answers[at] = answer
            return answers

        return self._connections.transaction(all_of_it)
