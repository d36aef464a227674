"""Maintenance: link and verify the audit chain, measure the backlog, delete expired content."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.core.audit.chain import ChainVerifier
from gateway.observability.events import EventLog
from gateway.ports.audit import AuditStore
from gateway.ports.clock import WatchedClock
from gateway.ports.maintenance import RetentionStore
from gateway.ports.messages import StoreDown
from gateway.ports.review import LookupStore
from gateway.ports.work import WorkFailureStore
from gateway.stages.wakeup import Wakeup

_LINK_BATCH, _FAILURES_BATCH = 500, 500
_UNTIL_FIRST = 5.0  # seconds between looks for the first linked row
UNLINKED_LIMIT = 60.0
"""Seconds after which an unlinked audit row is a fault."""
MIN_LOOK, LOOK_SHARE = 1000, 0.05
"""Messages that one look of retention deletes at most: a number, or a share of those that have content."""
FULL_LOOK_REST = 0.1
"""Share of the usual rest after a look that found more than it may delete."""
UNDO_RETENTION = 3600.0
"""Seconds for which the content of a decided message is kept at least: an undone decision holds it again."""


async def link_audit(audit: AuditStore, event_log: EventLog, wakeup: Wakeup) -> None:
    """Link committed audit rows within a second, in batches."""
    while not wakeup.stopped:
        linked = 0
        try:
            linked = await audit.link(_LINK_BATCH)
        except StoreDown:
            event_log.store_lost("upkeep")
        if linked < _LINK_BATCH:
            await wakeup.rest(0.5)


async def begin_chain(audit: AuditStore) -> ChainVerifier | None:
    """A verifier of the chain as far as it goes now; None while nothing is linked. Raises StoreDown.

    The first entries may be linked between two questions. Only an end that is asked for after them can be missing.
    """
    head = await audit.head()
    if head is None:
        if not await audit.rows(0, 1):
            return None
        head = await audit.head()
    return ChainVerifier(head)


class AuditChainWatch:
    """Verifies the audit chain from its beginning, page by page, repeatedly. Sets `broken` if a row does not fit."""

    def __init__(self, audit: AuditStore, event_log: EventLog) -> None:
        self._audit, self._event_log = audit, event_log
        self.broken = False

    async def run(self, wakeup: Wakeup, *, every: float = 300.0, page: int = 1000) -> None:
        """Verify until `wakeup` is stopped, resting `every` seconds at the end of the chain."""
        verifier: ChainVerifier | None = None
        while not wakeup.stopped:
            try:
                verifier = verifier or await begin_chain(self._audit)
                rows = [] if verifier is None else await self._audit.rows(verifier.number, page)
            except StoreDown:
                self._event_log.store_lost("upkeep")
                await wakeup.rest(every)
                continue
            if verifier is None:
                await wakeup.rest(min(every, _UNTIL_FIRST))
                continue
            fault = verifier.page(rows)
            if fault is not None and not self.broken:
                self.broken = True
                self._event_log.audit_broken(fault.number)
            if not rows or fault is not None:
                verifier = None
            await wakeup.rest(every if verifier is None else 0.05)


async def measure_backlog(
    review: LookupStore, failures: WorkFailureStore, event_log: EventLog, wakeup: Wakeup, chain: AuditChainWatch, *,
    every: float = 2.0,
) -> None:  # fmt: skip
    """Set the gauges of the backlog in the store, and of the audit chain: whether it is intact and linked in time."""
    while not wakeup.stopped:
        try:
            backlog = await review.backlog()
            event_log.backlog_measured(backlog)
            event_log.stuck_measured(await failures.stuck_items())
            event_log.audit_chain_checked(not chain.broken and backlog.unlinked_for < UNLINKED_LIMIT)
        except StoreDown:
            event_log.store_lost("upkeep")
        await wakeup.rest(every)


async def tidy_failures(
    failures: WorkFailureStore, event_log: EventLog, wakeup: Wakeup, *, every: float = 60.0
) -> None:
    """Delete the accounts of failed work items that do not wait anymore."""
    while not wakeup.stopped:
        deleted = 0
        try:
            deleted = await failures.delete_finished(_FAILURES_BATCH)
        except StoreDown:
            event_log.store_lost("upkeep")
        if deleted < _FAILURES_BATCH:
            await wakeup.rest(every)


@dataclass(frozen=True, slots=True)
class RetentionPeriods:
    """Seconds that contents are kept, and rows without content. `longer`: of some actions or clauses."""

    delivered: float
    decided: float
    metadata: float
    longer: Mapping[str, float] = field(default_factory=dict)


async def delete_expired(
    retention: RetentionStore, clock: WatchedClock, event_log: EventLog, wakeup: Wakeup, *, periods: RetentionPeriods,
    every: float = 600.0, ticks: Callable[[], float] = time.monotonic,
) -> None:  # fmt: skip
    """Delete content and rows whose retention has ended and that nothing protects.

    One look deletes a bounded share. What may expire goes on with the time between looks in which the clock did not
    jump: a clock that is wrong at one look deletes next to nothing.
    """
    looked: float | None = None
    while not wakeup.stopped:
        rest = every
        try:
            await clock.now()
            before, looked = looked, ticks()
            steady = 0.0 if before is None else min(looked - before, clock.steady_for())
            until = await retention.advance(steady)
            limit = max(MIN_LOOK, int(await retention.count_contents() * LOOK_SHARE))
            contents = await retention.expire(
                periods.delivered, max(periods.decided, UNDO_RETENTION), limit, until=until, longer=periods.longer
            )  # fmt: skip
            await retention.record_purges()
            rows = await retention.delete_rows(until - periods.metadata, limit)
            if contents or rows:
                event_log.expired(contents, rows)
            if max(contents, rows) >= limit:
                rest = every * FULL_LOOK_REST
        except StoreDown:
            event_log.store_lost("upkeep")
        await wakeup.rest(rest)
