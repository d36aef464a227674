"""The truth: what was accepted, decided and delivered, on SQLite or PostgreSQL by one adapter and one schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.ports import StoreDown
from gateway.store.accounts import SqlAccounts
from gateway.store.audit import SqlAudit
from gateway.store.beginnings import SqlBeginnings
from gateway.store.calls import SqlCalls
from gateway.store.cases import SqlCases
from gateway.store.connections import Connections
from gateway.store.dispositions import SqlDispositions
from gateway.store.followups import SqlFollowups
from gateway.store.grants import SqlGrants
from gateway.store.handling import SqlHandling
from gateway.store.handover import SqlHandover
from gateway.store.identities import SqlIdentities
from gateway.store.intake import SqlIntake
from gateway.store.lines import SqlLines
from gateway.store.lists import SqlLists
from gateway.store.media import SqlMedia
from gateway.store.opening import StoreError, address, connector, flavour_of, hold_lock, make_file, make_folder
from gateway.store.outbox import SqlOutbox
from gateway.store.parts import Readers
from gateway.store.past import SqlPast
from gateway.store.probing import probe
from gateway.store.queue import SqlQueue
from gateway.store.recall import SqlRecall
from gateway.store.recent import Recent
from gateway.store.reminders import SqlReminders
from gateway.store.reports import SqlReports
from gateway.store.retention import SqlRetention
from gateway.store.review import SqlReview
from gateway.store.sessions import SqlSessions
from gateway.store.texts import SqlTexts
from gateway.store.upgrade import upgrade
from gateway.store.writer import Writer

__all__ = ["SqlStore", "StoreDown", "StoreError", "hold_lock", "make_folder", "open_store", "probe"]


class SqlStore(
    SqlIntake,
    SqlOutbox,
    SqlDispositions,
    SqlQueue,
    SqlFollowups,
    SqlReview,
    SqlBeginnings,
    SqlPast,
    SqlAudit,
    SqlRetention,
    SqlRecall,
    SqlLists,
    SqlCalls,
    SqlAccounts,
    SqlTexts,
    SqlMedia,
    SqlLines,
    SqlHandling,
    SqlHandover,
    SqlReminders,
    SqlCases,
    SqlGrants,
    SqlIdentities,
    SqlSessions,
    SqlReports,
):
    """The whole port, from its parts."""


@asynccontextmanager
async def open_store(url: str, *, clock: Callable[[], float] | None = None) -> AsyncIterator[SqlStore]:
    """A store by its address, its tables made or brought up to date.

    Without a `clock`, the time is the machine's on SQLite and the database's on PostgreSQL. Raises StoreError where the
    store cannot be used as it is. On leaving, what waits is written first.
    """
    parsed = address(url)
    flavour = flavour_of(parsed)
    if flavour.name == "sqlite":
        make_file(parsed)
    await asyncio.to_thread(upgrade, parsed)
    connections = Connections(connector(parsed, flavour), flavour, clock or flavour.own_clock)
    writer, readers = Writer(connections), Readers(connections)
    writer.start()
    try:
        yield SqlStore(writer, readers, Recent())
    finally:
        await writer.stop()
        await readers.stop()
