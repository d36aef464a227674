"""Counts the messages of each day for reports. No decision and no delivery waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial

from gateway.core.review.daily_counts import day_bounds, days_before, local_day
from gateway.observability.events import EventLog
from gateway.ports.clock import StoreClock
from gateway.ports.messages import StoreDown
from gateway.ports.reports import DayToCount, ReportStore, RestBetweenPages
from gateway.stages.wakeup import Wakeup

RECOUNTED_DAYS = 42
"""Days for which later decisions are counted: so long the log of contact is kept, whatever the retention."""
SHARE, CATCH_UP_SHARE = 0.02, 0.5
"""The share of the time that counting may take while it goes on: usually, and for days that were never counted.

After that it rests for as long as it took.
"""
_MISSING_DAYS = 10  # days without counts, such as after an upgrade, that one round counts
_CATCH_UP = 2.0  # seconds between rounds while such days are left


@dataclass(frozen=True, slots=True)
class CountingRules:
    """The time zone of days, the buildings of a person, and for how many days rows are kept."""

    zone: tzinfo
    buildings_of: Callable[[str], Collection[str]]
    kept_days: int


async def count_days(
    reports: ReportStore, clock: StoreClock, event_log: EventLog, wakeup: Wakeup, rules: CountingRules, *,
    every: float = 60.0, ticks: Callable[[], float] = time.monotonic,
) -> None:  # fmt: skip
    """Keep the counts of each day until `wakeup` is stopped: those of today, and of days that decisions changed."""
    while not wakeup.stopped:
        began, left = ticks(), False
        try:
            left = await count_round(reports, await clock.now(), rules, every, wakeup)
        except StoreDown:
            event_log.store_lost("upkeep")
        took = ticks() - began
        await wakeup.rest(max(_CATCH_UP, took) if left else max(every, took))


async def count_round(
    reports: ReportStore, now: float, rules: CountingRules, every: float = 60.0, wakeup: Wakeup | None = None
) -> bool:
    """Count what is not counted yet. Returns whether days are left.

    Another process may do the same: what it has counted just now is left alone. With a `wakeup`, it rests between
    pages, and ends when that is stopped.
    """

    def rest(share: float) -> RestBetweenPages | None:
        return None if wakeup is None else partial(_rest, wakeup, share)

    counted = await reports.counted_days()
    today = local_day(now, rules.zone)
    recounted = set(days_before(today, min(RECOUNTED_DAYS, max(rules.kept_days, 1))))
    newest = max(counted.values(), default=0.0)
    if today in counted and now - counted[today] < every / 2:
        return False
    wanted = {day for day in days_before(today, 2) if counted.get(day, 0.0) < day_bounds(day, rules.zone)[1]}
    for received_at in await reports.changed_days(newest - every):
        day = local_day(received_at, rules.zone)
        if day in recounted and counted.get(day, 0.0) <= newest:
            wanted.add(day)
    missing = await _missing_days(reports, set(counted), today, rules)
    shares = dict.fromkeys(missing[:_MISSING_DAYS], CATCH_UP_SHARE) | dict.fromkeys(wanted, SHARE)
    for day in sorted(wanted, reverse=True) + missing[:_MISSING_DAYS]:
        bounds = DayToCount(day, *day_bounds(day, rules.zone))
        if await reports.count_day(bounds, rules.buildings_of, rest(shares[day])) is None:
            return False
    await reports.delete_days(days_before(today, max(rules.kept_days, RECOUNTED_DAYS))[0])
    return len(missing) > _MISSING_DAYS


async def _rest(wakeup: Wakeup, share: float, took: float) -> bool:
    """Rest after a page, so that counting takes a share of the time. False when the process ends."""
    if not wakeup.stopped:
        await wakeup.rest(took * (1 / share - 1))
    return not wakeup.stopped


async def _missing_days(reports: ReportStore, counted: set[str], today: str, rules: CountingRules) -> list[str]:
    """Days since the oldest message that were never counted, the newest first. Without the last two."""
    first = await reports.first_message()
    if first is None:
        return []
    oldest = max(local_day(first, rules.zone), days_before(today, max(rules.kept_days, RECOUNTED_DAYS))[0])
    days: list[str] = []
    for day in reversed(days_before(today, 4000)[:-2]):
        if day < oldest:
            break
        if day not in counted:
            days.append(day)
    return days
