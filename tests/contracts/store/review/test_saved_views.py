"""Saved filters of the queue."""

from __future__ import annotations

from gateway.ports.store import Store
from gateway.store.review.saved_views import MAX_VIEWS


async def test_views_are_saved_by_name(store: Store) -> None:
    assert await store.saved_views.save("ann", "mine", "state=mine")
    assert await store.saved_views.save("ann", "mine", "state=mine&clause=7a")
    assert await store.saved_views.save("bea", "mine", "age=overdue")
    assert await store.saved_views.of_user("ann") == {"mine": "state=mine&clause=7a"}
    assert await store.saved_views.save("ann", "mine", None)
    assert await store.saved_views.of_user("ann") == {}
    kept = [await store.saved_views.save("ann", f"v{item}", "") for item in range(MAX_VIEWS + 1)]
    assert kept == [*[True] * MAX_VIEWS, False]
