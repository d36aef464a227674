"""The store on SQLite or PostgreSQL, with one adapter and one schema for both."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.ports.messages import StoreDown
from gateway.ports.store import Store
from gateway.store.accounts.accounts import SqlAccountStore
from gateway.store.accounts.grants import SqlGrantStore
from gateway.store.accounts.group_roles import SqlGroupRoleStore
from gateway.store.accounts.identities import SqlIdentityStore
from gateway.store.accounts.passkeys import SqlPasskeyStore
from gateway.store.accounts.reassignment import SqlReassignmentStore
from gateway.store.accounts.second_steps import SqlSecondStepStore
from gateway.store.accounts.sessions import SqlSessionStore
from gateway.store.accounts.sign_in_failures import SqlSignInFailureStore
from gateway.store.accounts.tokens import SqlTokenStore
from gateway.store.audit.audit import SqlAuditStore
from gateway.store.audit.trail import SqlAuditTrailStore
from gateway.store.cases.cases import SqlCaseStore
from gateway.store.cases.legal_holds import SqlLegalHoldStore
from gateway.store.channels.smpp_binds import SqlSmppBindStore
from gateway.store.channels.sms_parts import SqlSmsPartStore
from gateway.store.contact.contact import SqlContactStore
from gateway.store.directory_accounts.accounts import SqlDirectoryAccountStore
from gateway.store.engine.cache import RecentMessages
from gateway.store.engine.clock_watch import ClockWatch
from gateway.store.engine.connections import Connections
from gateway.store.engine.database_url import StoreAway, StoreError, connector, dialect_of, parse_url
from gateway.store.engine.dialects import Database
from gateway.store.engine.files import hold_lock, make_folder
from gateway.store.engine.group_commit import Writer
from gateway.store.engine.readers import Readers
from gateway.store.flags.flags import SqlFlagStore
from gateway.store.help.alerts import SqlHelpAlertStore
from gateway.store.maintenance.clock import RELEASE_ALL, SqlStoreClock
from gateway.store.maintenance.history import SqlHistoryStore
from gateway.store.maintenance.retention import SqlRetentionStore
from gateway.store.maintenance.secrets import SqlSecretStore
from gateway.store.messages import work_failures
from gateway.store.messages.delivery_journal import DeliveryJournal
from gateway.store.messages.delivery_queue import SqlDeliveryQueueStore
from gateway.store.messages.dispositions import SqlDispositionStore
from gateway.store.messages.followups import SqlFollowupStore
from gateway.store.messages.headers import SqlHeaderStore
from gateway.store.messages.intake import SqlIntakeStore
from gateway.store.messages.media import SqlMediaStore
from gateway.store.messages.outbox import SqlOutboxStore
from gateway.store.messages.queue import SqlQueueStore
from gateway.store.messages.work_failures import SqlWorkFailureStore
from gateway.store.migrations.opening import Opening, Waits
from gateway.store.migrations.probe import probe
from gateway.store.policy_versions.proposals import SqlPolicyProposalStore
from gateway.store.policy_versions.simulations import SqlPolicySimulationStore
from gateway.store.policy_versions.versions import SqlPolicyVersionStore
from gateway.store.records.person import SqlRecordStore
from gateway.store.records.reports import SqlReportStore
from gateway.store.review.claims import SqlClaimStore
from gateway.store.review.conversations import SqlConversationStore
from gateway.store.review.idempotency import SqlIdempotencyStore
from gateway.store.review.lists import SqlListStore
from gateway.store.review.lookups import SqlLookupStore
from gateway.store.review.reminders import SqlReminderStore
from gateway.store.review.saved_views import SqlSavedViewStore
from gateway.store.review.undo import SqlUndoStore
from gateway.store.senders.links import SqlSignInLinkStore
from gateway.store.senders.requests import SqlSenderStore
from gateway.store.tools.tools import SqlToolStore
from gateway.store.urgency.attention import SqlUrgencyStore
from gateway.store.urgency.webhooks import SqlWebhookStore

__all__ = ["StoreAway", "StoreDown", "StoreError", "Waits", "hold_lock", "make_folder", "open_store", "probe"]


@asynccontextmanager
async def open_store(
    url: str, *, clock: Callable[[], float] | None = None, ticks: Callable[[], float] | None = None,
    waits: Waits | None = None, alone: bool = False,
) -> AsyncIterator[Store]:  # fmt: skip
    """Open a store by its URL and create or upgrade its tables. Leaving writes what waits.

    Without a `clock`, the time is that of this machine on SQLite and that of the database on PostgreSQL. `ticks` is the
    monotonic clock that it is compared with; without it, a given `clock` never jumps. With `waits`, a store that is
    away is opened later, and its methods raise StoreDown until then. `alone`: no other process delivers from this
    store, so that claims which an earlier one left behind are due at once, and outcomes that it noted are known; only
    for SQLite.

    Raises StoreError if the store cannot be used as it is, and StoreAway, without `waits`, if it is away.
    """
    parsed = parse_url(url)
    dialect = dialect_of(parsed)
    watch = ClockWatch(ticks or clock or time.monotonic)

    def take_over(connection: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(dialect.begin)
        database = Database(cursor, dialect, clock or dialect.own_clock, watch)
        work_failures.keep_outcomes(database, journal.read() if journal else ())
        database.change(RELEASE_ALL, now=(clock or time.time)())
        cursor.execute("COMMIT")

    journal = DeliveryJournal(Path(str(parsed.database))) if alone and dialect.name == "sqlite" else None
    opening = Opening(parsed, connector(parsed, dialect), take_over if journal else None)
    connections = Connections(opening.connect, dialect, clock or dialect.own_clock, watch)
    writer, readers = Writer(connections), Readers(connections)
    async with opening.opened(waits):
        writer.start()
        try:
            yield _store(writer, readers, RecentMessages(), journal)
        finally:
            await writer.stop()
            await readers.stop()
            if journal:
                journal.close()


def _store(writer: Writer, readers: Readers, recent: RecentMessages, journal: DeliveryJournal | None) -> Store:
    parts = writer, readers, recent
    return Store(
        clock=SqlStoreClock(*parts),
        secrets=SqlSecretStore(*parts),
        intake=SqlIntakeStore(*parts),
        outbox=SqlOutboxStore(*parts),
        dispositions=SqlDispositionStore(*parts),
        delivery_queue=SqlDeliveryQueueStore(*parts, journal),
        followups=SqlFollowupStore(*parts),
        work_failures=SqlWorkFailureStore(*parts),
        queue=SqlQueueStore(*parts),
        lookups=SqlLookupStore(*parts),
        headers=SqlHeaderStore(*parts),
        lists=SqlListStore(*parts),
        conversations=SqlConversationStore(*parts),
        idempotency=SqlIdempotencyStore(*parts),
        claims=SqlClaimStore(*parts),
        saved_views=SqlSavedViewStore(*parts),
        policy_versions=SqlPolicyVersionStore(*parts),
        policy_proposals=SqlPolicyProposalStore(*parts),
        policy_simulations=SqlPolicySimulationStore(*parts),
        undo=SqlUndoStore(*parts),
        reminders=SqlReminderStore(*parts),
        reports=SqlReportStore(*parts),
        records=SqlRecordStore(*parts),
        help_alerts=SqlHelpAlertStore(*parts),
        urgency=SqlUrgencyStore(*parts),
        flags=SqlFlagStore(*parts),
        webhooks=SqlWebhookStore(*parts),
        cases=SqlCaseStore(*parts),
        legal_holds=SqlLegalHoldStore(*parts),
        accounts=SqlAccountStore(*parts),
        identities=SqlIdentityStore(*parts),
        sessions=SqlSessionStore(*parts),
        sign_in_failures=SqlSignInFailureStore(*parts),
        tokens=SqlTokenStore(*parts),
        second_steps=SqlSecondStepStore(*parts),
        passkeys=SqlPasskeyStore(*parts),
        group_roles=SqlGroupRoleStore(*parts),
        grants=SqlGrantStore(*parts),
        reassignment=SqlReassignmentStore(*parts),
        audit=SqlAuditStore(*parts),
        audit_trail=SqlAuditTrailStore(*parts),
        retention=SqlRetentionStore(*parts),
        history=SqlHistoryStore(*parts),
        sms_parts=SqlSmsPartStore(*parts),
        contact=SqlContactStore(*parts),
        directory_accounts=SqlDirectoryAccountStore(*parts),
        tools=SqlToolStore(*parts),
        media=SqlMediaStore(*parts),
        smpp_binds=SqlSmppBindStore(*parts),
        senders=SqlSenderStore(*parts),
        sign_in_links=SqlSignInLinkStore(*parts),
    )
