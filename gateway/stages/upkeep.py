"""Upkeep: the audit chain is linked, what waits is measured, and what has had its time is forgotten."""

from __future__ import annotations

from gateway.core.audit import Walk
from gateway.journal import Journal
from gateway.ports import Audit, Retention, Review, StoreDown
from gateway.stages.beat import Beat

_LINKED = 500
UNLINKED_LIMIT = 60.0
"""Seconds after which an unchained audit row is a fault."""
MAY_COME_BACK = 3600.0
"""Seconds that the content of what was held stays at least: who decided can take it back, and it is held again."""


async def link_audit(audit: Audit, journal: Journal, beat: Beat) -> None:
    """Link committed audit rows within a second, in batches."""
    while not beat.stopped:
        linked = 0
        try:
            linked = await audit.link(_LINKED)
        except StoreDown:
            journal.store_lost("upkeep")
        if linked < _LINKED:
            await beat.rest(0.5)


class ChainWatch:
    """Walks the audit chain from its beginning again and again, a page at a time; `broken` once a row does not fit."""

    def __init__(self, audit: Audit, journal: Journal) -> None:
        self._audit, self._journal = audit, journal
        self.broken = False

    async def run(self, beat: Beat, *, every: float = 300.0, page: int = 1000) -> None:
        """Walk until the beat stops, resting `every` seconds at the end of the chain."""
        walk: Walk | None = None
        while not beat.stopped:
            try:
                walk = walk or Walk(await self._audit.audit_head())
                rows = await self._audit.audit_rows(walk.number, page)
            except StoreDown:
                self._journal.store_lost("upkeep")
                await beat.rest(every)
                continue
            found = walk.page(rows)
            if found is not None and not self.broken:
                self.broken = True
                self._journal.audit_broken(found.number)
            if not rows or found is not None:
                walk = None
            await beat.rest(every if walk is None else 0.05)


async def measure(review: Review, journal: Journal, beat: Beat, chain: ChainWatch, *, every: float = 2.0) -> None:
    """Set the gauges of what waits in the store, and whether the audit chain is whole and linked in time."""
    while not beat.stopped:
        try:
            backlog = await review.backlog()
            journal.backlog(backlog)
            journal.audit_chain(not chain.broken and backlog.unlinked_for < UNLINKED_LIMIT)
        except StoreDown:
            journal.store_lost("upkeep")
        await beat.rest(every)


async def forget(
    retention: Retention, journal: Journal, beat: Beat, *, delivered: float, decided: float, every: float = 600.0
) -> None:
    """Let content go that every period and hold allows to go, in bounded batches."""
    while not beat.stopped:
        gone = 0
        try:
            gone = await retention.expire(delivered, max(decided, MAY_COME_BACK), 500)
        except StoreDown:
            journal.store_lost("upkeep")
        if not gone:
            await beat.rest(every)
