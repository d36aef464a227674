"""Secrets of the store."""

from __future__ import annotations

import asyncio

from gateway.ports.store import Store
from gateway.store import open_store


async def test_secret_is_made_once(store: Store, store_url: str) -> None:
    """Every process gets the same, also at the same moment."""
    first, second = await asyncio.gather(store.secrets.get_or_create("seal"), store.secrets.get_or_create("seal"))
    assert first == second
    assert len(first) == 32
    assert await store.secrets.get_or_create("other") != first
    async with open_store(store_url) as beside:
        assert await beside.secrets.get_or_create("seal") == first
