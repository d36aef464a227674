"""The base of every store: what the store of one feature works with."""

from __future__ import annotations

from gateway.store.engine.cache import RecentMessages
from gateway.store.engine.group_commit import Writer
from gateway.store.engine.readers import Readers


class FeatureStore:
    """The store of one feature. All stores share one writer, one set of readers and one cache."""

    def __init__(self, writer: Writer, readers: Readers, recent: RecentMessages) -> None:
        self._writer = writer
        self._readers = readers
        self._recent = recent
