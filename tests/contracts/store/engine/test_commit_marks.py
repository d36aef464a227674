"""Commits whose answer is lost: what a caller is told is what has happened."""

from __future__ import annotations

import asyncio
import os
import random

import psycopg
import pytest

from gateway.core.policy.decision import AuditEntry
from gateway.ports.messages import StoreDown
from gateway.store import open_store
from gateway.store.engine import commit_marks
from tests.contracts.messages import NOON, mail
from tests.contracts.store.cutting_proxy import cutting_proxy
from tests.peers.postgresql import PostgresqlServer

SEED = int(os.environ.get("CHAPERONE_SEED", random.randrange(1 << 32)))
CUTS = int(os.environ.get("CHAPERONE_CUTS", "12"))

pytestmark = pytest.mark.peer("postgresql")


@pytest.fixture
def url(postgresql: PostgresqlServer, made_database: str) -> str:
    """A database with the tables."""
    return postgresql.database(like=made_database)


@pytest.mark.timeout(120)
async def test_every_answer_is_true(
    url: str, postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Half of the commits are cut, in five ways. What got an answer is stored, and what got an error is not."""
    print(f"CHAPERONE_SEED={SEED}")
    monkeypatch.setattr(commit_marks, "LOCK_SECONDS", 0.5)
    chance = random.Random(SEED)
    ok: list[str] = []
    refused: list[str] = []
    async with cutting_proxy(postgresql.port, SEED) as proxy:
        behind = url.replace(f":{postgresql.port}/", f":{proxy.port}/")
        async with open_store(behind) as store:

            async def accept() -> None:
                message = mail()
                try:
                    await store.intake.accept(message)
                except StoreDown:
                    refused.append(message.id)
                else:
                    ok.append(message.id)

            async def record(name: str) -> None:
                try:
                    await store.audit.record([AuditEntry(NOON, "test", "cut", name)])
                except StoreDown:
                    refused.append(name)
                else:
                    ok.append(name)

            number = 0
            while sum(proxy.counts.values()) < CUTS:
                number += 1
                await asyncio.gather(
                    *(accept() for _ in range(chance.randrange(1, 6))),
                    *(record(f"{number}-{at}") for at in range(chance.randrange(3))),
                )
    with psycopg.connect(url) as connection:
        stored = [row[0] for row in connection.execute("SELECT id FROM messages").fetchall()]
        stored += [row[0] for row in connection.execute("SELECT subject FROM audit").fetchall()]
    assert sorted(stored) == sorted(ok)  # each once, and none of those that were refused
    assert not set(stored) & set(refused)


async def test_answer_is_waited_for_while_the_server_is_away(url: str, postgresql: PostgresqlServer) -> None:
    """The caller of the commit waits. Others are told at once that the store is down."""
    async with cutting_proxy(postgresql.port, SEED, cuts=0) as proxy:
        behind = url.replace(f":{postgresql.port}/", f":{proxy.port}/")
        async with open_store(behind) as store:
            await store.intake.accept(mail())
            target, proxy.target, proxy.cuts = proxy.target, 1, 1.0
            proxy.chance = _Always("after")  # type: ignore[assignment]
            message = mail()
            waiting = asyncio.create_task(store.intake.accept(message))
            async with asyncio.timeout(20):
                while not proxy.counts:
                    await asyncio.sleep(0.01)
                others: list[object] = []
                while StoreDown not in others:
                    others += map(type, await asyncio.gather(store.intake.accept(mail()), return_exceptions=True))
            assert not waiting.done()
            proxy.target, proxy.cuts = target, 0.0
            async with asyncio.timeout(20):
                await waiting
                await store.intake.accept(mail())
            assert await store.intake.states(message.id)


class _Always(random.Random):
    """Draws one way only."""

    def __init__(self, way: str) -> None:
        super().__init__(0)
        self._way = way

    def choice(self, seq: object) -> str:  # type: ignore[override]
        return self._way


async def test_lost_session_is_ended_if_it_keeps_the_mark(
    url: str, postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """A session that never hears of the end of its client is terminated, and has not committed."""
    monkeypatch.setattr(commit_marks, "LOCK_SECONDS", 0.5)
    async with cutting_proxy(postgresql.port, SEED, cuts=0) as proxy:
        behind = url.replace(f":{postgresql.port}/", f":{proxy.port}/")
        async with open_store(behind) as store:
            proxy.cuts, proxy.chance = 1.0, _Always("silent")
            message = mail()
            waiting = asyncio.create_task(store.intake.accept(message))
            async with asyncio.timeout(20):
                while not proxy.counts:
                    await asyncio.sleep(0.01)
                proxy.cuts = 0.0
                await waiting
            assert await store.intake.states(message.id)


async def test_session_of_a_server_that_became_read_only_is_replaced(url: str, postgresql: PostgresqlServer) -> None:
    """As after a fail-over: the old server stays up and takes no writes."""
    name = url.rpartition("/")[2]
    async with open_store(url) as store:
        await store.intake.accept(mail())
        with psycopg.connect(postgresql.url, autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")  # type: ignore[call-overload]
            for session in (store.intake._writer._connections, store.intake._readers._connections):
                for connection in tuple(session._open):
                    connection.execute("SET default_transaction_read_only = on").close()
            with pytest.raises(StoreDown):
                await store.intake.accept(mail())
            with pytest.raises(StoreDown):
                await store.intake.states("x")
            admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = off")  # type: ignore[call-overload]
        await store.intake.accept(mail())
        assert await store.intake.states("x") == {}


async def test_the_server_that_takes_writes_is_found_among_several(url: str, postgresql: PostgresqlServer) -> None:
    start, _, name = url.rpartition("/")
    async with open_store(f"{start.replace('@', '@127.0.0.1:1,')}/{name}") as store:
        await store.intake.accept(mail())


async def test_mark_that_was_removed_is_made_again(url: str) -> None:
    """As by the cleaning after thirty idle days, or by a restored backup."""
    async with open_store(url) as store:
        await store.intake.accept(mail())
        with psycopg.connect(url) as other:
            other.execute("DELETE FROM writers")
        await store.intake.accept(mail())
