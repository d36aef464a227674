"""Upkeep: the audit chain is linked, what waits is measured, and what has had its time is forgotten."""

from __future__ import annotations

from gateway.journal import Journal
from gateway.ports import Audit, Retention, Review, StoreDown
from gateway.stages.beat import Beat

UNLINKED_LIMIT = 60.0
"""Seconds after which an unchained audit row is a fault."""


async def link_audit(audit: Audit, journal: Journal, beat: Beat) -> None:
    """Link committed audit rows within a second, in batches."""
    while not beat.stopped:
        linked = 0
        try:
            linked = await audit.link(500)
        except StoreDown:
            journal.store_lost("upkeep")
        if not linked:
            await beat.rest(0.5)


async def measure(review: Review, journal: Journal, beat: Beat, *, every: float = 2.0) -> None:
    """Set the gauges of what waits in the store."""
    while not beat.stopped:
        try:
            backlog = await review.backlog()
            journal.backlog(backlog)
            journal.audit_chain(backlog.unlinked_for < UNLINKED_LIMIT)
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
            gone = await retention.expire(delivered, decided, 500)
        except StoreDown:
            journal.store_lost("upkeep")
        if not gone:
            await beat.rest(every)
