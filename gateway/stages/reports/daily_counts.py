"""Counts the messages of each day for reports. No decision and no delivery waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import tzinfo

from gateway.core.review.daily_counts import day_bounds, days_before, local_day
from gateway.observability.events import EventLog
from gateway.ports.clock import StoreClock
from gateway.ports.messages import StoreDown
from gateway.ports.reports import DayToCount, ReportStore
from gateway.stages.wakeup import Wakeup

RECOUNTED_DAYS = 42
"""Days for which later decisions are counted: so long the log of contact is kept, whatever the retention."""
SHARE = 0.01
"""The share of the time that counting may take."""
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
            left = await count_round(reports, await clock.now(), rules, every)
        except StoreDown:
            event_log.store_lost("upkeep")
        took = ticks() - began
        await wakeup.rest(max(_CATCH_UP, took) if left else max(every, took / SHARE))


async def count_round(reports: ReportStore, now: float, rules: CountingRules, every: float = 60.0) -> bool:
    """Count what is not counted yet. Returns whether days are left.

    Another process may do the same: what it has counted just now is left alone.
    """
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
    for day in sorted(wanted, reverse=True) + missing[:_MISSING_DAYS]:
        await reports.count_day(DayToCount(day, *day_bounds(day, rules.zone)), rules.buildings_of)
    await reports.delete_days(days_before(today, max(rules.kept_days, RECOUNTED_DAYS))[0])
    return len(missing) > _MISSING_DAYS


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
