"""Upkeep: the audit chain is linked, what waits is measured, and what has had its time is forgotten."""

from __future__ import annotations

from gateway.core.audit.chain import ChainVerifier
from gateway.observability.events import EventLog
from gateway.ports.audit import AuditStore
from gateway.ports.maintenance import RetentionStore
from gateway.ports.messages import StoreDown
from gateway.ports.review import LookupStore
from gateway.stages.wakeup import Wakeup

_LINKED = 500
UNLINKED_LIMIT = 60.0
"""Seconds after which an unchained audit row is a fault."""
MAY_COME_BACK = 3600.0
"""Seconds that the content of what was held stays at least: who decided can take it back, and it is held again."""


async def link_audit(audit: AuditStore, event_log: EventLog, wakeup: Wakeup) -> None:
    """Link committed audit rows within a second, in batches."""
    while not wakeup.stopped:
        linked = 0
        try:
            linked = await audit.link(_LINKED)
        except StoreDown:
            event_log.store_lost("upkeep")
        if linked < _LINKED:
            await wakeup.rest(0.5)


class ChainWatch:
    """Walks the audit chain from its beginning again and again, a page at a time; `broken` once a row does not fit."""

    def __init__(self, audit: AuditStore, event_log: EventLog) -> None:
        self._audit, self._event_log = audit, event_log
        self.broken = False

    async def run(self, wakeup: Wakeup, *, every: float = 300.0, page: int = 1000) -> None:
        """Walk until the beat stops, resting `every` seconds at the end of the chain."""
        walk: ChainVerifier | None = None
        while not wakeup.stopped:
            try:
                walk = walk or ChainVerifier(await self._audit.head())
                rows = await self._audit.rows(walk.number, page)
            except StoreDown:
                self._event_log.store_lost("upkeep")
                await wakeup.rest(every)
                continue
            found = walk.page(rows)
            if found is not None and not self.broken:
                self.broken = True
                self._event_log.audit_broken(found.number)
            if not rows or found is not None:
                walk = None
            await wakeup.rest(every if walk is None else 0.05)


async def measure(
    review: LookupStore, event_log: EventLog, wakeup: Wakeup, chain: ChainWatch, *, every: float = 2.0
) -> None:
    """Set the gauges of what waits in the store, and whether the audit chain is whole and linked in time."""
    while not wakeup.stopped:
        try:
            backlog = await review.backlog()
            event_log.backlog_measured(backlog)
            event_log.audit_chain_checked(not chain.broken and backlog.unlinked_for < UNLINKED_LIMIT)
        except StoreDown:
            event_log.store_lost("upkeep")
        await wakeup.rest(every)


async def forget(
    retention: RetentionStore,
    event_log: EventLog,
    wakeup: Wakeup,
    *,
    delivered: float,
    decided: float,
    every: float = 600.0,
) -> None:
    """Let content go that every period and hold allows to go, in bounded batches."""
    while not wakeup.stopped:
        gone = 0
        try:
            gone = await retention.expire(delivered, max(decided, MAY_COME_BACK), 500)
        except StoreDown:
            event_log.store_lost("upkeep")
        if not gone:
            await wakeup.rest(every)
