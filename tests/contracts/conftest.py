"""The two adapters of the bus, behind one fixture: the contract tests run on both."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
from prometheus_client import CollectorRegistry

from gateway.bus.kafka import KafkaBus
from gateway.bus.local import LocalBus
from gateway.journal import Journal
from gateway.ports import Bus
from tests.peers.kafka import KafkaServer

LARGEST = 32 << 20

OpenKafka = Callable[..., AbstractAsyncContextManager[KafkaBus]]


@pytest.fixture
def journal() -> Journal:
    """A journal of the test's own."""
    return Journal(CollectorRegistry())


@pytest.fixture
def open_kafka(kafka: KafkaServer, journal: Journal) -> OpenKafka:
    """Open a bus on the real broker, under a prefix that only this test uses unless it says another."""
    own = f"test-{secrets.token_hex(4)}"

    def opened(prefix: str = own, **more: object) -> KafkaBus:
        settings: dict[str, object] = {
            "prefix": prefix, "retain_seconds": 86400.0, "max_record": LARGEST, "journal": journal
        }  # fmt: skip
        bootstrap = str(more.pop("bootstrap", kafka.bootstrap))
        return KafkaBus(bootstrap, **(settings | more))  # type: ignore[arg-type]

    return opened


@pytest.fixture(params=["local", pytest.param("kafka", marks=pytest.mark.peer("kafka"))])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """An open bus without any record."""
    if request.param == "local":
        async with LocalBus() as local:
            yield local
    else:
        open_kafka: OpenKafka = request.getfixturevalue("open_kafka")
        async with open_kafka() as kafka:
            yield kafka
