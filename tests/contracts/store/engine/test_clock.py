"""The store's clock."""

from __future__ import annotations

from gateway.ports.store import Store
from gateway.store import open_store
from tests.contracts.messages import (
    NOON,
    Clock,
)


async def test_clock_is_shared_by_the_store(store: Store, store_url: str, clock: Clock) -> None:
    assert await store.clock.now() == NOON
    async with open_store(store_url) as real:
        first = await real.clock.now()
        assert first > 1.7e9
        assert await real.clock.now() >= first
