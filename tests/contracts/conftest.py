"""Fixtures for every adapter of the bus and every database of the store. The contract tests run on all of them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gateway.bus.kafka import KafkaBus
from gateway.bus.local import LocalBus
from gateway.observability.events import EventLog
from gateway.ports.bus import Bus, BusDown, Record
from gateway.ports.store import Store
from gateway.store import open_store
from gateway.store.engine.database_url import parse_url
from gateway.store.migrations.upgrade import upgrade
from tests.contracts.messages import Clock
from tests.peers.kafka import KafkaServer
from tests.peers.postgresql import PostgresqlServer

LARGEST = 32 << 20

OpenKafka = Callable[..., AbstractAsyncContextManager[KafkaBus]]


@pytest.fixture
def event_log() -> EventLog:
    """An event log for one test."""
    return EventLog(CollectorRegistry())


@pytest.fixture
def open_kafka(kafka: KafkaServer, event_log: EventLog) -> OpenKafka:
    """Open a bus on the real broker, with a prefix of this test's own unless another is given."""
    own = f"test-{secrets.token_hex(4)}"

    def opened(prefix: str = own, **more: object) -> KafkaBus:
        settings: dict[str, object] = {
            "prefix": prefix, "retain_seconds": 86400.0, "max_record": LARGEST, "event_log": event_log
        }  # fmt: skip
        bootstrap = str(more.pop("bootstrap", kafka.bootstrap))
        return KafkaBus(bootstrap, **(settings | more))  # type: ignore[arg-type]

    return opened


@pytest.fixture(params=["local", pytest.param("kafka", marks=pytest.mark.peer("kafka"))])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """An open bus without records."""
    if request.param == "local":
        async with LocalBus() as local:
            yield local
    else:
        open_kafka: OpenKafka = request.getfixturevalue("open_kafka")
        async with open_kafka() as kafka:
            await _until_groups_are_known(kafka)
            yield kafka


async def _until_groups_are_known(bus: KafkaBus) -> None:
    """Wait until the broker has created its topic of offsets, which the first group triggers."""
    places = [place for place in await bus.publish([Record("decisions", b"", b"")]) if place]
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(BusDown):
                await bus.positions("decisions", "nobody", places)
                return


# --- the store -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def made_database(postgresql: PostgresqlServer) -> str:
    """A database with the tables of this version, to be copied."""
    url = postgresql.database()
    upgrade(parse_url(url))
    return url


@pytest.fixture(scope="session")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables of this version, to be copied."""
    file = tmp_path_factory.mktemp("made") / "chaperone.db"
    upgrade(parse_url(f"sqlite:///{file}"))
    return file


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('made_file'), tmp_path)}"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.database(like=request.getfixturevalue("made_database"))


@pytest.fixture
def clock() -> Clock:
    """The clock of the store, which the test sets."""
    return Clock()


@pytest.fixture
async def store(store_url: str, clock: Clock) -> AsyncIterator[Store]:
    """An open store without messages."""
    async with open_store(store_url, clock=clock) as opened:
        yield opened
