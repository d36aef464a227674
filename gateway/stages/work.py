"""The engine of work items: one way to claim, guard and end them, for every stage.

An item ends in one of five ways. It is done. It is due later, which its stage records. It is refused for good, which
is a result too. The store or the bus is down: that is not the item's fault, and the stage waits for them. Or it fails
in an unforeseen way: the failure is counted in the store, the item is due again after a growing delay, and after
`queue.stuck_after` failures it is stuck until an operator retries it. No item ends a stage or stops another item.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from gateway.core.messages.work import Unreadable, WorkItem
from gateway.observability.events import EventLog
from gateway.ports.bus import BusDown
from gateway.ports.messages import StoreDown
from gateway.ports.work import WorkFailureStore
from gateway.stages.guard import FIRST_DELAY, LONGEST_DELAY, failure_of, guarded
from gateway.stages.wakeup import Wakeup

STUCK_AFTER = 8
"""Unforeseen failures after which an item is stuck, unless `queue.stuck_after` says otherwise."""
_PAUSE = 2.0
_SOURCES = Path(__file__).parents[2]

Job = TypeVar("Job")
Claimed = TypeVar("Claimed")


class RecordRefused(Exception):
    """The bus will not take the record of an item."""


class WorkEngine:
    """Runs work items, each in its own guard, and keeps account of those that fail in an unforeseen way."""

    def __init__(self, failures: WorkFailureStore, event_log: EventLog, *, stuck_after: int = STUCK_AFTER) -> None:
        self._failures, self._stuck_after = failures, stuck_after
        self.event_log = event_log

    async def run(
        self, stage: str, wakeup: Wakeup, step: Callable[[bool], Awaitable[bool]],
        *, again: Callable[[], Awaitable[object]] | None = None,
    ) -> None:  # fmt: skip
        """Repeat `step` until `wakeup` is stopped.

        A step claims items and runs or starts them. It gets and returns whether more may be due already, so that the
        store has to be asked. `again` is called before a step that follows a failed one.
        """
        delay, check_store = FIRST_DELAY, True

        async def once() -> None:
            nonlocal check_store
            check_store = await step(check_store)

        while not wakeup.stopped:
            try:
                done = await guarded(stage, self.event_log, once())
            except (StoreDown, BusDown) as down:
                if isinstance(down, StoreDown):
                    self.event_log.store_lost(stage)
                await wakeup.rest(_PAUSE)
            else:
                if done:
                    delay = FIRST_DELAY
                    continue
                await wakeup.rest(delay)
                delay = min(2 * delay, LONGEST_DELAY)
            check_store = True
            if again is not None:
                await guarded(stage, self.event_log, again())

    async def attempt(self, items: Callable[[], Sequence[WorkItem]], work: Awaitable[object]) -> bool:
        """Do the work of an item, or of several that go together; whether it was done. `items` says which they are.

        Raises StoreDown and BusDown; the items stay as they are then.
        """
        error = await failure_of(work)
        if error is not None:
            await self.failed(items(), error)
        return error is None

    async def attempt_each(
        self, jobs: Sequence[Job], item: Callable[[Job], WorkItem], work: Callable[[Sequence[Job]], Awaitable[object]]
    ) -> Sequence[Job]:
        """Do several jobs in one go, or one by one if that fails. Returns those that were done; `item`: of a job.

        The work must be harmless when repeated. Raises StoreDown and BusDown.
        """
        if len(jobs) > 1 and await failure_of(work(jobs)) is None:
            return jobs

        async def is_done(job: Job) -> bool:
            return await self.attempt(lambda: [item(job)], work([job]))

        return [job for job in jobs if await is_done(job)]

    async def readable(self, claimed: Iterable[Claimed | Unreadable]) -> list[Claimed]:
        """The claimed items whose rows could be read. The others have failed."""
        found: list[Claimed] = []
        for item in claimed:
            if isinstance(item, Unreadable):
                await self.failed(item.items, item.error)
            else:
                found.append(item)
        return found

    async def failed(self, items: Sequence[WorkItem], error: Exception) -> None:
        """Count an unforeseen failure of items. Raises StoreDown; the items are due when their claim ends then."""
        if not items:
            return
        stage = items[0].stage
        self.event_log.work_failed(stage, error)
        stuck: Sequence[bool] = ()

        async def record() -> None:
            nonlocal stuck
            stuck = await self._failures.record(items, describe(error), self._stuck_after)

        await guarded(stage, self.event_log, record())
        for item in (item for item, is_stuck in zip(items, stuck, strict=False) if is_stuck):
            self.event_log.item_stuck(stage, item.message)


def describe(error: BaseException) -> str:
    """The type of an error and its place in our code. Its text may have content or addresses, and is left out."""
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(_SOURCES / "gateway") or file.is_relative_to(_SOURCES / "classifiers"):
            place = f" at {file.relative_to(_SOURCES)}:{line}"
    return type(error).__name__ + place
