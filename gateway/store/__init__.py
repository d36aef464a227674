"""The truth: what was accepted, decided and delivered, on SQLite or PostgreSQL by one adapter and one schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.ports.messages import StoreDown
from gateway.store.accounts.accounts import SqlAccounts
from gateway.store.accounts.grants import SqlGrants
from gateway.store.accounts.identities import SqlIdentities
from gateway.store.accounts.reassignment import SqlReassignment
from gateway.store.accounts.sessions import SqlSessions
from gateway.store.audit.audit import SqlAudit
from gateway.store.cases.cases import SqlCases
from gateway.store.channels.message_parts import SqlSmsParts
from gateway.store.channels.sms_binds import SqlSmppBinds
from gateway.store.engine.base import Readers
from gateway.store.engine.cache import RecentMessages
from gateway.store.engine.connections import Connections
from gateway.store.engine.engine_url import (
    StoreError,
    address,
    connector,
    flavour_of,
    hold_lock,
    make_file,
    make_folder,
)
from gateway.store.engine.group_commit import Writer
from gateway.store.engine.probe import probe
from gateway.store.engine.upgrade import upgrade
from gateway.store.help.alerts import SqlHelpAlerts
from gateway.store.maintenance.history import SqlHistory
from gateway.store.maintenance.retention import SqlRetention
from gateway.store.messages.delivery_queue import SqlDeliveryQueue
from gateway.store.messages.dispositions import SqlDispositions
from gateway.store.messages.followups import SqlFollowups
from gateway.store.messages.headers import SqlHeaders
from gateway.store.messages.intake import SqlIntake
from gateway.store.messages.media import SqlMedia
from gateway.store.messages.outbox import SqlOutbox
from gateway.store.review.claims import SqlClaims
from gateway.store.review.lists import SqlLists
from gateway.store.review.lookups import SqlLookups
from gateway.store.review.reminders import SqlReminders
from gateway.store.review.reports import SqlReports
from gateway.store.review.undo import SqlUndo

__all__ = ["SqlStore", "StoreDown", "StoreError", "hold_lock", "make_folder", "open_store", "probe"]


class SqlStore(
    SqlIntake,
    SqlOutbox,
    SqlDispositions,
    SqlDeliveryQueue,
    SqlFollowups,
    SqlLookups,
    SqlHeaders,
    SqlHistory,
    SqlAudit,
    SqlRetention,
    SqlUndo,
    SqlLists,
    SqlHelpAlerts,
    SqlAccounts,
    SqlSmsParts,
    SqlMedia,
    SqlSmppBinds,
    SqlClaims,
    SqlReassignment,
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
        yield SqlStore(writer, readers, RecentMessages())
    finally:
        await writer.stop()
        await readers.stop()
