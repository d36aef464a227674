"""The counts of a day are read a page at a time, with rests between."""

from __future__ import annotations

import pytest

from gateway.core.review.daily_counts import EVERYWHERE
from gateway.ports.reports import DayToCount
from gateway.ports.store import Store
from gateway.store.records import day_messages, reports
from tests.contracts.messages import NOON, contact, mail

DAY = DayToCount("day", NOON - 60, NOON + 60)


async def test_day_is_counted_in_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (day_messages, reports):
        monkeypatch.setattr(module, "PAGE", 2)
    for at in (0, 0, 0, 1, 2):
        await store.intake.accept(message := mail(NOON + at), contact(message))
    rests: list[float] = []

    async def rest(took: float) -> bool:
        rests.append(took)
        return len(rests) < 3

    assert await store.reports.count_day(DAY, lambda _: (), rest) == 5
    assert len(rests) == 2
    assert min(rests) >= 0
    await store.intake.accept(message := mail(NOON + 3), contact(message))
    assert await store.reports.count_day(DAY, lambda _: (), rest) is None  # ended between pages
    assert (await store.reports.by_building("day", "day"))[EVERYWHERE].messages == 5
