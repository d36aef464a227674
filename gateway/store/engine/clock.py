"""The clock of the store."""

from __future__ import annotations

from gateway.store.engine.feature_store import FeatureStore


class SqlStoreClock(FeatureStore):
    """See gateway.ports.clock.StoreClock."""

    async def now(self) -> float:
        """See gateway.ports.clock.StoreClock."""
        return await self._readers.now()
