"""The clock of the store: what it says, whether it jumps, what a jump back must not delay, and one forward not end."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BindParameter, Column, Double, bindparam, case, null, select, update
from sqlalchemy.sql.expression import Executable

from gateway.core.channels.registry import CHANNELS
from gateway.store.engine.clock_watch import JUMP, LEASE_SLACK
from gateway.store.engine.dialects import Database, SqlDialect, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.engine import clock_marks
from gateway.store.schema.media import media
from gateway.store.schema.work import work_failures

_RECENT = 1.0  # seconds for which a reading of the clock is counted on
LOST = 60.0
"""Seconds between two marks for which no process answers, from which on they do not count for lifetimes."""
_MOMENT = 60.0
"""Seconds since a clock was ahead, at most: what was written then is due after the excess less this, or later."""

_now: BindParameter[float] = bindparam("now", type_=Double())
_back: BindParameter[float] = bindparam("back", type_=Double())
_beyond: BindParameter[float] = bindparam("beyond", type_=Double())
_k, _r, _p = clock_marks.c, schema.recipients.c, schema.publications.c
_f, _m, _w = schema.followups.c, media.c, work_failures.c
_channels = [schema.lit(channel) for channel in CHANNELS]  # the index of what is due begins with the channel

READ_MARK = Statement(lambda sql: select(_k.at).where(_k.name == bindparam("name")).with_for_update())


def _write_mark(sql: SqlDialect) -> Executable:
    insert = sql.insert(clock_marks).values(name=bindparam("name"), at=bindparam("at"))
    statement: Executable = insert.on_conflict_do_update(index_elements=["name"], set_={"at": insert.excluded.at})
    return statement


WRITE_MARK = Statement(_write_mark)


def _sooner(column: Column[float]) -> object:
    """A later time made sooner by the seconds that the clock went back, and not before now."""
    return case((column - _back < _now, _now), else_=column - _back)


def _not_later(column: Column[float]) -> object:
    return case((column > _now, _now), else_=column)


_SHORTEN = (
    Statement(
        lambda sql: (
            update(schema.recipients)
            .where(_r.channel.in_(_channels), _r.next_attempt_at > _beyond, _r.token.is_(None))
            .values(next_attempt_at=_sooner(_r.next_attempt_at))
        )
    ),
    Statement(  # the wait for a verdict, and the lifetime of a delivery
        lambda sql: (
            update(schema.recipients)
            .where(schema.WAITING, (_r.changed_at > _now) | (_r.queued_at > _now))
            .values(changed_at=_not_later(_r.changed_at), queued_at=_not_later(_r.queued_at))
        )
    ),
    Statement(
        lambda sql: update(schema.publications).where(_p.publish_at > _beyond).values(publish_at=_sooner(_p.publish_at))
    ),
    Statement(lambda sql: update(schema.publications).where(_p.received_at > _now).values(received_at=_now)),
    Statement(lambda sql: update(schema.followups).where(_f.due_at > _beyond).values(due_at=_sooner(_f.due_at))),
    Statement(lambda sql: update(media).where(_m.fetch_at > _beyond).values(fetch_at=_sooner(_m.fetch_at))),
    Statement(lambda sql: update(work_failures).where(_w.due_at > _beyond).values(due_at=_sooner(_w.due_at))),
)
"""What waits until a time after `beyond` waits that much less."""

_later = _r.queued_at + bindparam("lost", type_=Double())
_PROLONG = Statement(
    lambda sql: (
        update(schema.recipients)
        .where(schema.WAITING, _r.queued_at.is_not(None), _r.queued_at < _now)
        .values(queued_at=case((_later > _now, _now), else_=_later))
    )
)
_RELEASE = Statement(
    lambda sql: (
        update(schema.recipients)
        .where(
            _r.channel.in_(_channels),
            _r.next_attempt_at > bindparam("later", type_=Double()),
            _r.token.is_not(None),
        )
        .values(next_attempt_at=_now, token=null())
    )
)


RELEASE_ALL = Statement(
    lambda sql: (
        update(schema.recipients)
        .where(_r.channel.in_(_channels), _r.next_attempt_at.is_not(None), _r.token.is_not(None))
        .values(next_attempt_at=_now, token=null())
    )
)
"""For a process that knows that it alone delivers and has claimed nothing yet: all holders are gone."""


def _mark(db: Database, items: Sequence[float]) -> list[float]:
    """Mark the time. Items: seconds by which the clock was ahead for a while, so that no mark knows of it."""
    found = db.rows(READ_MARK, name="store")
    ahead = db.now - found[0][0] if found else 0.0
    back, lost = -ahead, ahead - db.without_jump()
    if lost > LOST:  # a jump forward, or nothing ran
        db.change(_PROLONG, now=db.now, lost=lost)
    if back > JUMP:
        _shorten(db, back, 0.0)
    elif max(items) > JUMP:  # only what was written in that time waits for so long
        _shorten(db, max(items), max(items) - _MOMENT)
    db.change(WRITE_MARK, name="store", at=db.now)
    return [back if back > JUMP else 0.0] * len(items)


def _shorten(db: Database, seconds: float, beyond: float) -> None:
    for statement in _SHORTEN:
        db.change(statement, **{"now": db.now, "back": seconds, "beyond": db.now + max(beyond, 0.0)})


def _release(db: Database, items: Sequence[float]) -> list[int]:
    return [db.change(_RELEASE, now=db.now, later=db.now + lease + LEASE_SLACK) for lease in items]


_MARK_WRITE = Write(_mark, rank=2)
_RELEASE_WRITE = Write(_release, rank=1)


class SqlStoreClock(FeatureStore):
    """See gateway.ports.clock.WatchedClock."""

    async def now(self) -> float:
        """See gateway.ports.clock.WatchedClock."""
        return await self._readers.now()

    async def about_now(self) -> float:
        """See gateway.ports.clock.StoreClock."""
        return await self._readers.about_now(_RECENT)

    def steady_for(self) -> float:
        """See gateway.ports.clock.WatchedClock."""
        return self._readers.watch.steady_for()

    def take_jump(self) -> float:
        """See gateway.ports.clock.WatchedClock."""
        return self._readers.watch.take_jump()

    def settled(self) -> bool:
        """See gateway.ports.clock.WatchedClock."""
        return self._readers.watch.settled

    async def mark(self) -> float:
        """See gateway.ports.clock.WatchedClock."""
        watch = self._readers.watch
        jumps = watch.jumps
        back = await self._writer.write(_MARK_WRITE, watch.excess)
        watch.allow_for(jumps)
        return back

    async def release_claims(self, lease: float) -> int:
        """See gateway.ports.clock.WatchedClock."""
        return await self._writer.write(_RELEASE_WRITE, lease)
