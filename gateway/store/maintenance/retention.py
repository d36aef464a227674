"""Retention: content goes when its time has come, and never while a case, a legal hold or a recipient needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, bindparam, case, delete, exists, func, select

from gateway.core.messages.delivery import FINAL
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.help.alerts import nothing_is_left, waits_for_somebody
from gateway.store.messages.media import DELETE_MEDIA
from gateway.store.schema import messages as schema
from gateway.store.schema.accounts import held_changes
from gateway.store.schema.help import acknowledgements, judged_calls

CHUNK = 100
"""Contents that one transaction lets go."""
CHANGES = 20_000
"""Changes of the queue that are kept: a console reads what it has not seen of them."""
COUNTED = 8 * 86400.0
"""Seconds that a contact is kept at least: counters look back a week."""
LISTED = 92 * 86400.0
"""Seconds that it is kept at least who took a call for help up: the console lists those of ninety days."""
UNREAD = 86400.0
"""Seconds in which a verdict is waited for: what was delivered without one is read before it is forgotten."""

_c, _p = schema.contents.c, schema.publications.c
_r, _t, _v = schema.recipients.c, schema.contacts.c, schema.verdicts.c
_h, _k, _j = held_changes.c, acknowledgements.c, judged_calls.c


def _expired(of_message: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether every recipient is final and past its period, nothing names the message, and no verdict is to come."""
    period = case((_r.marked == schema.lit(1), bindparam("decided")), else_=bindparam("delivered"))
    final = _r.state.in_([schema.lit(state.value) for state in sorted(FINAL)])
    return (
        ~exists().where(_r.message_id == of_message, ~final | (_r.changed_at > bindparam("now") - period))
        & ~exists().where(schema.case_messages.c.message_id == of_message)
        & ~exists().where(schema.legal_holds.c.message_id == of_message)
        & ~exists().where(_p.message_id == of_message, _p.received_at > bindparam("now") - bindparam("unread"))
    )


_FIND = Statement(
    lambda sql: (
        select(_c.message_id)
        .where(_c.message_id > bindparam("after"), _expired(_c.message_id))
        .order_by(_c.message_id)
        .limit(bindparam("limit"))
    )
)
_DROP = Statement(
    lambda sql: (
        delete(schema.contents).where(sql.among(_c.message_id), _expired(_c.message_id)).returning(_c.message_id)
    )
)
_TURNS_OF = Statement(lambda sql: delete(schema.texts).where(sql.among(schema.texts.c.message_id)))
_PUBLICATIONS_OF = Statement(lambda sql: delete(schema.publications).where(sql.among(schema.publications.c.message_id)))
_PARTS_OF = Statement(lambda sql: delete(schema.text_parts).where(sql.among(schema.text_parts.c.message_id)))
_OLD_COPIES = Statement(
    lambda sql: delete(schema.text_parts).where(
        schema.text_parts.c.waiting == schema.lit(2), schema.text_parts.c.at < bindparam("before")
    )
)
_OLD_IDS = Statement(lambda sql: delete(schema.text_ids).where(schema.text_ids.c.at < bindparam("before")))
# By their time and not by their ids: the id of a text may be made of what the provider calls it.
_OLD_CONTACTS = Statement(
    lambda sql: delete(schema.contacts).where(
        _t.message_id.in_(
            select(_t.message_id).where(_t.at < bindparam("before")).order_by(_t.at).limit(schema.lit(CHUNK))
        ),
        _t.at < bindparam("before"),
    )
)
_OLD_VERDICTS = Statement(
    lambda sql: delete(schema.verdicts).where(
        _v.message_id.in_(
            select(_v.message_id)
            .where(
                _v.at < bindparam("before"),
                ~exists().where(_c.message_id == _v.message_id),
                ~waits_for_somebody(_v.message_id),  # it is told of until somebody takes it up, however late
            )
            .order_by(_v.at)
            .limit(schema.lit(CHUNK))
        )
    )
)
# Who took a call up is forgotten with the call itself, content and verdict: until then it would wait for somebody anew.
_OLD_ANSWERS = Statement(
    lambda sql: delete(acknowledgements).where(
        _k.message_id.in_(
            select(_k.message_id)
            .where(_k.at < bindparam("before"), nothing_is_left(_k.message_id))
            .order_by(_k.at)
            .limit(schema.lit(CHUNK))
        )
    )
)
_OLD_JUDGEMENTS = Statement(
    lambda sql: delete(judged_calls).where(
        _j.message_id.in_(
            select(_j.message_id).where(nothing_is_left(_j.message_id)).order_by(_j.message_id).limit(schema.lit(CHUNK))
        )
    )
)
_NEWEST_CHANGE = select(func.max(_h.id)).scalar_subquery()
_OLD_CHANGES = Statement(
    lambda sql: delete(held_changes).where(
        _h.id.in_(
            select(_h.id).where(_h.id < _NEWEST_CHANGE - schema.lit(CHANGES)).order_by(_h.id).limit(schema.lit(CHUNK))
        )
    )
)


@dataclass(frozen=True, slots=True)
class _Periods:
    delivered: float
    decided: float


@dataclass(frozen=True, slots=True)
class _Drop:
    ids: Sequence[str]
    periods: _Periods


def _find(db: Database, periods: _Periods, after: str, limit: int) -> list[str]:
    rows = db.rows(
        _FIND,
        now=db.now,
        delivered=periods.delivered,
        decided=periods.decided,
        unread=UNREAD,
        after=after,
        limit=limit,
    )
    return [row[0] for row in rows]


def _drop(db: Database, items: Sequence[_Drop]) -> list[int]:
    return [_drop_each(db, each) for each in items]


def _drop_each(db: Database, drop: _Drop) -> int:
    periods = drop.periods
    rows = db.rows(
        _DROP, now=db.now, delivered=periods.delivered, decided=periods.decided, unread=UNREAD, ids=list(drop.ids)
    )
    gone = [row[0] for row in rows]
    db.change(_TURNS_OF, ids=gone)
    db.change(_PUBLICATIONS_OF, ids=gone)
    db.change(_PARTS_OF, ids=gone)
    db.change(DELETE_MEDIA, ids=gone)
    return len(gone)


def _sweep(db: Database, items: Sequence[_Periods]) -> list[int]:
    """Contacts and verdicts of messages whose longest period has passed, and what people said of calls for help."""
    swept = []
    for periods in items:
        before = db.now - max(periods.delivered, periods.decided, COUNTED)
        texts = db.now - COUNTED  # ids of the SMSC for receipts that come late, and copies that nobody asks for
        swept.append(
            db.change(_OLD_CONTACTS, before=before)
            + db.change(_OLD_VERDICTS, before=before)
            + db.change(_OLD_ANSWERS, before=db.now - max(periods.delivered, periods.decided, LISTED))
            + db.change(_OLD_JUDGEMENTS)
            + db.change(_OLD_IDS, before=texts)
            + db.change(_OLD_COPIES, before=texts)
            + db.change(_OLD_CHANGES)
        )
    return swept


_DROP_WRITE = Write(_drop, rank=2)
_SWEEP_WRITE = Write(_sweep, rank=2)


class SqlRetentionStore(FeatureStore):
    """See gateway.ports.maintenance.RetentionStore."""

    async def expire(self, delivered: float, decided: float, limit: int) -> int:
        """See gateway.ports.maintenance.RetentionStore. Contacts and verdicts are kept longer than the content."""
        periods = _Periods(delivered, decided)
        gone, after = 0, ""
        while gone < limit:
            most = min(CHUNK, limit - gone)
            ids = await self._readers.read(partial(_find, periods=periods, after=after, limit=most))
            if not ids:
                break
            gone += await self._writer.write(_DROP_WRITE, _Drop(ids, periods))
            after = ids[-1]
        while await self._writer.write(_SWEEP_WRITE, periods):
            pass
        return gone
