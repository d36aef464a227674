"""Several processes on one PostgreSQL: what another one is at is left to it, or waited for, and never done twice."""

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
from tests.contracts.test_store_audit import act
from tests.peers.postgresql import PostgresqlServer

pytestmark = pytest.mark.peer("postgresql")

Other = psycopg.Connection[tuple[object, ...]]


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
def store_url(postgresql: PostgresqlServer, made_database: str) -> str:
    """The address of a store without any message, always on PostgreSQL."""
    return postgresql.database(like=made_database)


@pytest.fixture
def other(store_url: str) -> Iterator[Other]:
    """Another process in the middle of a transaction."""
    with psycopg.connect(store_url) as connection:
        yield connection
        connection.rollback()


async def until_waiting(url: str, count: int = 1) -> None:
    """Until so many transactions wait for a lock."""
    with psycopg.connect(url, autocommit=True) as looking:
        async with asyncio.timeout(30):
            while True:
                row = looking.execute(WAITING).fetchone()
                if row is not None and row[0] >= count:
                    return
                await asyncio.sleep(0.01)


async def test_a_claim_leaves_what_another_one_is_at(store: Store, other: Other) -> None:
    """All of the message, without waiting, and takes the next instead."""
    first, second = mail(NOON, others=["x@students.example"]), mail(NOON + 1)
    for each in (first, second):
        await store.intake.accept(each, due=[recipient.address for recipient in each.envelope.recipients])
    other.execute("SELECT 1 FROM messages WHERE id = %s FOR UPDATE", [first.id])
    async with asyncio.timeout(10):
        claims = await store.delivery_queue.claim(STUDENTS, 1, 60)
        assert [each.message.id for each in claims] == [second.id]
        assert await store.delivery_queue.claim(STUDENTS, 1, 60) == ()
    other.rollback()
    (claim,) = await store.delivery_queue.claim(STUDENTS, 1, 60)
    assert len(claim.recipients) == 2


async def test_followups_and_publications_that_another_one_takes_are_left(store: Store, other: Other) -> None:
    messages = [mail(NOON + at) for at in range(2)]
    for each in messages:
        await store.intake.accept(each)
    await store.dispositions.apply([(each.id, becomes(State.HELD)) for each in messages])
    other.execute("SELECT 1 FROM followups ORDER BY id LIMIT 1 FOR UPDATE")
    other.execute("SELECT 1 FROM publications WHERE message_id = %s FOR UPDATE", [messages[0].id])
    async with asyncio.timeout(10):
        assert [(each.kind, each.message) for each in await store.followups.claim_due(1, 60)] == [
            (FollowupKind.DECISION, messages[1].id)
        ]
        assert [each.message.id for each in await store.outbox.claim_unpublished(1, 60)] == [messages[1].id]


async def test_a_decision_waits_for_another_one_and_sees_it(store: Store, store_url: str, other: Other) -> None:
    """With its verdict, and without holding up what is written beside it."""
    message = mail()
    await store.intake.accept(message, contact(message))
    other.execute("SELECT 1 FROM messages WHERE id = %s FOR UPDATE", [message.id])
    other.execute("UPDATE recipients SET state = 'rejected' WHERE message_id = %s", [message.id])
    deciding = asyncio.create_task(store.dispositions.apply([(message.id, becomes(State.QUEUED))]))
    await until_waiting(store_url)
    other.commit()
    (settled,) = await deciding
    assert settled is not None
    assert [each.state for each in settled.pending.recipients] == [State.REJECTED]
    assert settled.transition.changes == ()


async def test_the_chain_is_left_to_whoever_is_at_it(store: Store, other: Other) -> None:
    await store.audit.record([act(1)])
    other.execute("SELECT pg_advisory_xact_lock(4014)")
    async with asyncio.timeout(10):
        assert await store.audit.link(10) == 0
    other.rollback()
    assert await store.audit.link(10) == 1


async def test_an_id_that_another_one_is_accepting_is_accepted_once(
    store: Store, store_url: str, clock: Clock
) -> None:
    message = mail()
    async with open_store(store_url, clock=clock) as beside:
        await asyncio.gather(*([store, beside][at % 2].intake.accept(message, contact(message)) for at in range(20)))
    (settled,) = await store.dispositions.apply([(message.id, becomes(State.HELD))])
    assert settled is not None
    assert len(settled.pending.recipients) == 1


async def test_the_time_is_the_database_s(store_url: str, other: Other) -> None:
    """Whatever the clock of the machine says."""
    async with open_store(store_url) as store:
        before = other.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()
        now = await store.clock.now()
        after = other.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()
    assert before is not None
    assert after is not None
    assert float(str(before[0])) <= now <= float(str(after[0]))
