"""Maintenance: link and verify the audit chain, measure the backlog, delete expired content."""

from __future__ import annotations

from gateway.core.audit.chain import ChainVerifier
from gateway.observability.events import EventLog
from gateway.ports.audit import AuditStore
from gateway.ports.maintenance import RetentionStore
from gateway.ports.messages import StoreDown
from gateway.ports.review import LookupStore
from gateway.ports.work import WorkFailureStore
from gateway.stages.wakeup import Wakeup

_LINK_BATCH, _FAILURES_BATCH = 500, 500
UNLINKED_LIMIT = 60.0
"""Seconds after which an unlinked audit row is a fault."""
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
                verifier = verifier or ChainVerifier(await self._audit.head())
                rows = await self._audit.rows(verifier.number, page)
            except StoreDown:
                self._event_log.store_lost("upkeep")
                await wakeup.rest(every)
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


async def delete_expired(
    retention: RetentionStore,
    event_log: EventLog,
    wakeup: Wakeup,
    *,
    delivered: float,
    decided: float,
    every: float = 600.0,
) -> None:
    """Delete content whose retention has ended and that no legal hold protects, in limited batches."""
    while not wakeup.stopped:
        deleted = 0
        try:
            deleted = await retention.expire(delivered, max(decided, UNDO_RETENTION), 500)
        except StoreDown:
            event_log.store_lost("upkeep")
        if not deleted:
            await wakeup.rest(every)
