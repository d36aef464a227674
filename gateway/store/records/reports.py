"""The counts of each day, and what waits for people. Pages read sums of counts, never messages."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import bindparam, delete, func, select

from gateway.core.policy.work_kinds import WorkKind
from gateway.core.review.daily_counts import EVERYWHERE, MEASURES, Tally, TallyKey, add_message
from gateway.ports.reports import DayToCount, Delayed, Health, RestBetweenPages, Waiting
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.help.alerts import waiting_alerts
from gateway.store.records.day_messages import PAGE, next_ids, read_messages
from gateway.store.schema import messages as schema
from gateway.store.schema.flags import review_work
from gateway.store.schema.records import counted_days, daily_counts, daily_decision_times
from gateway.store.urgency.attention import urgent_backlog

_d, _n, _t = counted_days.c, daily_counts.c, daily_decision_times.c
_r, _m, _x, _v = schema.recipients.c, schema.messages.c, schema.contacts.c, schema.verdicts.c
_IN_PERIOD = (_n.day >= bindparam("first"), _n.day <= bindparam("last"))
_TIMES_IN_PERIOD = (_t.day >= bindparam("first"), _t.day <= bindparam("last"))
_SUMS = tuple(func.sum(_n[name]) for name in MEASURES)

_DAYS = Statement(lambda sql: select(_d.day, _d.at))
_DELETE = tuple(
    Statement(lambda sql, table=table: delete(table).where(table.c.day == bindparam("which")))  # type: ignore[misc]
    for table in (counted_days, daily_counts, daily_decision_times)
)
_DELETE_BEFORE = tuple(
    Statement(lambda sql, table=table: delete(table).where(table.c.day < bindparam("before")))  # type: ignore[misc]
    for table in (counted_days, daily_counts, daily_decision_times)
)
_INSERT_DAY, _INSERT_COUNTS = batch_insert(counted_days), batch_insert(daily_counts)
_INSERT_TIMES = batch_insert(daily_decision_times)
_CHANGED = Statement(
    lambda sql: (
        select(_m.received_at)
        .join_from(schema.recipients, schema.messages, _m.id == _r.message_id)
        .where(
            _r.marked == schema.lit(1),
            _r.action.in_([schema.lit("hold"), schema.lit("flag"), schema.lit("alert")]),
            _r.decided_at > bindparam("since"),
        )
    )
)
_JUDGED = Statement(
    lambda sql: (
        select(_m.received_at)
        .join_from(review_work, schema.messages, _m.id == review_work.c.message_id)
        .where(review_work.c.kind == schema.lit(WorkKind.FLAG.value), review_work.c.closed_at > bindparam("since"))
    )
)
_FIRST = Statement(lambda sql: select(func.min(_x.at)))
_TALLIES = Statement(
    lambda sql: (
        select(_n.kind, _n.value, *_SUMS)
        .where(*_IN_PERIOD, sql.among(_n.building))
        .group_by(_n.kind, _n.value)
    )
)  # fmt: skip
_TALLY_TIMES = Statement(
    lambda sql: (
        select(_t.kind, _t.value, _t.bucket, func.sum(_t.count))
        .where(*_TIMES_IN_PERIOD, sql.among(_t.building))
        .group_by(_t.kind, _t.value, _t.bucket)
    )
)
_BUILDINGS = Statement(
    lambda sql: select(_n.building, *_SUMS).where(*_IN_PERIOD, _n.kind == schema.lit("all")).group_by(_n.building)
)
_BUILDING_TIMES = Statement(
    lambda sql: (
        select(_t.building, _t.bucket, func.sum(_t.count))
        .where(*_TIMES_IN_PERIOD, _t.kind == schema.lit("all"))
        .group_by(_t.building, _t.bucket)
    )
)
_BY_DAY = Statement(
    lambda sql: (
        select(_n.day, *_SUMS)
        .where(*_IN_PERIOD, _n.kind == schema.lit("all"), sql.among(_n.building))
        .group_by(_n.day)
        .order_by(_n.day)
    )
)
_HELD = Statement(
    lambda sql: select(_r.message_id, func.min(_r.due_at)).where(_r.state == schema.lit("held")).group_by(_r.message_id)
)

_DELAYED = Statement(
    lambda sql: (
        select(_r.channel, _r.domain, func.count(), func.min(func.coalesce(_r.queued_at, _r.changed_at)))
        .where(_r.next_attempt_at.is_not(None), _r.attempts > schema.lit(0))
        .group_by(_r.channel, _r.domain)
        .order_by(func.count().desc())
        .limit(schema.lit(10))
    )
)
_NEWEST_VERDICT = Statement(
    lambda sql: (
        select(func.substr(_v.verdict, schema.lit(1), schema.lit(400))).order_by(_v.at.desc()).limit(schema.lit(1))
    )
)
_MODEL = re.compile(r'"model": ?"([^"\\]{1,100})"')


@dataclass(frozen=True, slots=True)
class _CountedDay:
    day: str
    tallies: Mapping[TallyKey, Tally]


def _write_days(db: Database, items: Sequence[_CountedDay]) -> list[None]:
    for item in items:
        for statement in _DELETE:
            db.change(statement, which=item.day)
        db.batch(_INSERT_DAY, [{"day": item.day, "at": db.now}])
        keyed = [
            ({"day": item.day, "building": building, "kind": kind, "value": value}, tally)
            for (building, kind, value), tally in item.tallies.items()
        ]
        db.batch(_INSERT_COUNTS, [{**key, **{name: getattr(tally, name) for name in MEASURES}} for key, tally in keyed])
        db.batch(
            _INSERT_TIMES,
            [{**key, "bucket": bucket, "count": n} for key, tally in keyed for bucket, n in tally.times.items()],
        )
    return [None] * len(items)


def _delete_days(db: Database, items: Sequence[str]) -> list[None]:
    for before in items:
        for statement in _DELETE_BEFORE:
            db.change(statement, before=before)
    return [None] * len(items)


_WRITE_DAY, _DELETE_DAYS = Write(_write_days, rank=2), Write(_delete_days, rank=2)


def _tally(sums: Sequence[int]) -> Tally:
    tally = Tally()
    for name, value in zip(MEASURES, sums, strict=True):
        setattr(tally, name, int(value))
    return tally


def _tallies(db: Database, first: str, last: str, buildings: list[str]) -> dict[tuple[str, str], Tally]:
    found = {
        (row[0], row[1]): _tally(row[2:]) for row in db.rows(_TALLIES, first=first, last=last, ids=buildings)
    }  # fmt: skip
    for kind, value, bucket, count in db.rows(_TALLY_TIMES, first=first, last=last, ids=buildings):
        found[kind, value].times[bucket] += int(count)
    return found


def _by_building(db: Database, first: str, last: str) -> dict[str, Tally]:
    found = {row[0]: _tally(row[1:]) for row in db.rows(_BUILDINGS, first=first, last=last)}
    for building, bucket, count in db.rows(_BUILDING_TIMES, first=first, last=last):
        found[building].times[bucket] += int(count)
    return found


def _waiting(db: Database) -> Waiting:
    held = db.rows(_HELD)
    overdue = sum(due is not None and due < db.now for _, due in held)
    return Waiting(len(held), overdue, urgent_backlog(db).count, *waiting_alerts(db))


def _health(db: Database) -> Health:
    head = db.rows(_NEWEST_VERDICT)
    model = _MODEL.search(head[0][0]) if head else None
    delayed = tuple(
        Delayed(channel, domain if channel == "mail" else "", count, since)
        for channel, domain, count, since in db.rows(_DELAYED)
    )
    return Health(model[1] if model else "", delayed)


class SqlReportStore(FeatureStore):
    """See gateway.ports.reports.ReportStore."""

    async def counted_days(self) -> Mapping[str, float]:
        """See gateway.ports.reports.ReportStore."""
        return {row[0]: row[1] for row in await self._readers.read(lambda db: db.rows(_DAYS))}

    async def changed_days(self, since: float) -> Sequence[float]:
        """See gateway.ports.reports.ReportStore."""
        rows = await self._readers.read(lambda db: db.rows(_CHANGED, since=since) + db.rows(_JUDGED, since=since))
        return [row[0] for row in rows]

    async def first_message(self) -> float | None:
        """See gateway.ports.reports.ReportStore."""
        (found,) = await self._readers.read(lambda db: db.rows(_FIRST))
        return None if found[0] is None else float(found[0])

    async def count_day(
        self, day: DayToCount, buildings_of: Callable[[str], Collection[str]], rest: RestBetweenPages | None = None
    ) -> int | None:
        """See gateway.ports.reports.ReportStore. A page of messages is read at a time, and other readers go between."""
        tallies = defaultdict[TallyKey, Tally](Tally)
        tallies[EVERYWHERE, "all", ""] = Tally()
        since, behind = day.start, ""
        while True:
            began = time.monotonic()
            page = await self._readers.read(partial(next_ids, since=since, behind=behind, before=day.end))
            if not page:
                break

            def add(db: Database, ids: list[str]) -> None:
                for message in read_messages(db, ids):
                    add_message(tallies, message, buildings_of)

            await self._readers.read(partial(add, ids=[id_ for id_, _ in page]))
            behind, since = page[-1]
            if len(page) < PAGE:
                break
            if rest is not None and not await rest(time.monotonic() - began):
                return None
        await self._writer.write(_WRITE_DAY, _CountedDay(day.day, tallies))
        return tallies[EVERYWHERE, "all", ""].messages

    async def delete_days(self, before: str) -> None:
        """See gateway.ports.reports.ReportStore."""
        await self._writer.write(_DELETE_DAYS, before)

    async def tallies(
        self, first: str, last: str, buildings: Collection[str]
    ) -> Mapping[tuple[str, str], Tally]:  # fmt: skip
        """See gateway.ports.reports.ReportStore."""
        return await self._readers.read(partial(_tallies, first=first, last=last, buildings=sorted(buildings)))

    async def by_building(self, first: str, last: str) -> Mapping[str, Tally]:
        """See gateway.ports.reports.ReportStore."""
        return await self._readers.read(partial(_by_building, first=first, last=last))

    async def by_day(self, first: str, last: str, buildings: Collection[str]) -> Mapping[str, Tally]:
        """See gateway.ports.reports.ReportStore."""
        ids = sorted(buildings)
        rows = await self._readers.read(lambda db: db.rows(_BY_DAY, first=first, last=last, ids=ids))
        return {row[0]: _tally(row[1:]) for row in rows}

    async def waiting(self) -> Waiting:
        """See gateway.ports.reports.ReportStore."""
        return await self._readers.read(_waiting)

    async def health(self) -> Health:
        """See gateway.ports.reports.ReportStore."""
        return await self._readers.read(_health)
