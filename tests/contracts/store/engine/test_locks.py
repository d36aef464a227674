"""Locks between processes, on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from gateway.core.messages.delivery import State
from gateway.core.messages.followup import FollowupKind
from gateway.ports.store import Store
from gateway.store import open_store
from tests.contracts.messages import NOON, STUDENTS, Clock, becomes, contact, mail
from tests.contracts.store.audit.test_audit import entry
from tests.peers.postgresql import PostgresqlServer

Other = psycopg.Connection[tuple[object, ...]]


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
def store_url(postgresql: PostgresqlServer, made_database: str) -> str:
    """The URL of an empty store, always on PostgreSQL."""
    return postgresql.database(like=made_database)


@pytest.fixture
def other(store_url: str) -> Iterator[Other]:
    """Another process within a transaction."""
    with psycopg.connect(store_url) as connection:
        yield connection
        connection.rollback()


async def until_waiting(url: str, count: int = 1) -> None:
    """Wait until `count` transactions wait for a lock."""
    with psycopg.connect(url, autocommit=True) as looking:
        async with asyncio.timeout(30):
            while True:
                row = looking.execute(WAITING).fetchone()
                if row is not None and row[0] >= count:
                    return
                await asyncio.sleep(0.01)


async def test_claim_skips_locked_messages(store: Store, other: Other) -> None:
    """The whole message is skipped without waiting, and the next one is claimed."""
    first, second = mail(NOON, others=["x@students.example"]), mail(NOON + 1)
    for message in (first, second):
        await store.intake.accept(message, due=[recipient.address for recipient in message.envelope.recipients])
    other.execute("SELECT 1 FROM messages WHERE id = %s FOR UPDATE", [first.id])
    async with asyncio.timeout(10):
        claims = await store.delivery_queue.claim(STUDENTS, 1, 60)
        assert [claim.message.id for claim in claims] == [second.id]
        assert await store.delivery_queue.claim(STUDENTS, 1, 60) == ()
    other.rollback()
    (claim,) = await store.delivery_queue.claim(STUDENTS, 1, 60)
    assert len(claim.recipients) == 2


async def test_claims_skip_locked_followups_and_publications(store: Store, other: Other) -> None:
    messages = [mail(NOON + at) for at in range(2)]
    for message in messages:
        await store.intake.accept(message)
    await store.dispositions.apply([(message.id, becomes(State.HELD)) for message in messages])
    other.execute("SELECT 1 FROM followups ORDER BY id LIMIT 1 FOR UPDATE")
    other.execute("SELECT 1 FROM publications WHERE message_id = %s FOR UPDATE", [messages[0].id])
    async with asyncio.timeout(10):
        assert [(followup.kind, followup.message) for followup in await store.followups.claim_due(1, 60)] == [
            (FollowupKind.DECISION, messages[1].id)
        ]
        assert [outgoing.message.id for outgoing in await store.outbox.claim_unpublished(1, 60)] == [messages[1].id]


async def test_decision_waits_for_another_and_sees_it(store: Store, store_url: str, other: Other) -> None:
    """It sees the verdict too, and other writes are not delayed."""
    message = mail()
    await store.intake.accept(message, contact(message))
    other.execute("SELECT 1 FROM messages WHERE id = %s FOR UPDATE", [message.id])
    other.execute("UPDATE recipients SET state = 'rejected' WHERE message_id = %s", [message.id])
    deciding = asyncio.create_task(store.dispositions.apply([(message.id, becomes(State.QUEUED))]))
    await until_waiting(store_url)
    other.commit()
    (settled,) = await deciding
    assert settled is not None
    assert [recipient.state for recipient in settled.pending.recipients] == [State.REJECTED]
    assert settled.transition.changes == ()


async def test_chain_is_left_to_the_process_that_links(store: Store, other: Other) -> None:
    await store.audit.record([entry(1)])
    other.execute("SELECT pg_advisory_xact_lock(4014)")
    async with asyncio.timeout(10):
        assert await store.audit.link(10) == 0
    other.rollback()
    assert await store.audit.link(10) == 1


async def test_id_is_accepted_once_by_two_processes(store: Store, store_url: str, clock: Clock) -> None:
    message = mail()
    async with open_store(store_url, clock=clock) as beside:
        await asyncio.gather(*([store, beside][at % 2].intake.accept(message, contact(message)) for at in range(20)))
    (settled,) = await store.dispositions.apply([(message.id, becomes(State.HELD))])
    assert settled is not None
    assert len(settled.pending.recipients) == 1


async def test_time_is_that_of_the_database(store_url: str, other: Other) -> None:
    """The machine's clock does not matter."""
    async with open_store(store_url) as store:
        before = other.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()
        now = await store.clock.now()
        after = other.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()
    assert before is not None
    assert after is not None
    assert float(str(before[0])) <= now <= float(str(after[0]))
