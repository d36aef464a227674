"""Contents of every size, also those that are written and read on their own."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import psycopg
import pytest

from gateway.core.messages.message import sha256_of
from gateway.ports.store import Store
from gateway.store import open_store
from gateway.store.messages.contents import LARGE
from tests.contracts.messages import REST, Clock, mail, ours
from tests.peers.postgresql import PostgresqlServer


async def test_contents_of_any_size_are_read_as_they_were_accepted(store: Store, store_url: str, clock: Clock) -> None:
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    sizes = [1, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE + 7, *(dice.randrange(1, 2 * LARGE) for _ in range(4))]
    contents = [dice.randbytes(size) for size in sizes]
    messages = [replace(ours(), content=content, sha256=sha256_of(content)) for content in contents]
    await asyncio.gather(*(store.intake.accept(message, (), None) for message in messages))  # in few transactions
    async with open_store(store_url, clock=clock) as other:  # it has none of them in memory
        for message in messages:
            outgoing = await other.outbox.outgoing(message.id)
            assert outgoing is not None
            assert outgoing.message.content == message.content, seed
        claims = await other.delivery_queue.claim(REST, 100, 30.0)
        claimed = {claim.message.id: claim.message.content for claim in claims}
        assert claimed == {message.id: message.content for message in messages}, seed


async def test_large_content_is_stored_with_its_message_or_not_at_all(store: Store) -> None:
    message = mail(content=b"x" * (2 * LARGE))
    await store.intake.accept(message, (), None)
    await store.intake.accept(message, (), None)  # the same message again changes nothing
    outgoing = await store.outbox.outgoing(message.id)
    assert outgoing is not None
    assert outgoing.message.content == message.content


@pytest.mark.peer("postgresql")
async def test_connection_that_carried_a_large_content_is_closed(
    postgresql: PostgresqlServer, made_database: str, clock: Clock
) -> None:
    """Its buffers have the size of the content."""
    url = postgresql.database(like=made_database)
    sessions = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(url, autocommit=True) as admin:
        async with asyncio.timeout(30), open_store(url, clock=clock) as store:
            await store.intake.accept(mail(), (), None)
            before = set(admin.execute(sessions).fetchall())
            message = mail(content=b"x" * (4 * LARGE))
            await store.intake.accept(message, (), None)
            while before <= set(admin.execute(sessions).fetchall()):
                await asyncio.sleep(0.01)
            before = set(admin.execute(sessions).fetchall())
            assert await store.outbox.outgoing(message.id) is not None
            while set(admin.execute(sessions).fetchall()) - before:
                await asyncio.sleep(0.01)
            await store.intake.accept(mail(), (), None)
