"""Contact counted up to a message: how much its conversations held, and when (clauses 5 and 9)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, case, func, select

from gateway.core.policy.contact import ContactCounters
from gateway.store.engine.dialects import Database, SqlDialect, Statement
from gateway.store.schema import messages as schema

HOUR, DAY, WEEK = 3600, 86400, 604800

_here, _other = schema.contacts.alias("here"), schema.contacts.alias("each")
_COUNTERS = Statement(
    lambda sql: (
        select(
            _here.c.message_id,
            _here.c.conversation,
            func.sum(case((_other.c.at > _here.c.at - schema.lit(DAY), schema.lit(1)), else_=schema.lit(0))),
            func.count(),
            func.sum(_other.c.night),
            func.sum(_other.c.alone),
            func.sum(_other.c.outside),
        )
        .join_from(_here, _other, _other.c.conversation == _here.c.conversation)
        .where(
            sql.among(_here.c.message_id),
            _other.c.at > _here.c.at - schema.lit(WEEK),
            _other.c.at <= _here.c.at,
            (_other.c.at < _here.c.at) | (_other.c.message_id <= _here.c.message_id),
        )
        .group_by(_here.c.message_id, _here.c.conversation)
    )
)


def _students(sql: SqlDialect) -> Select[tuple[str, int]]:
    """How many students the staff member who wrote a message wrote to in the hour before it."""
    sender = (
        select(_here.c.message_id, _here.c.staff, _here.c.at)
        .where(sql.among(_here.c.message_id), _here.c.by_staff + schema.lit(0) == schema.lit(1))
        .distinct()  # the sum forces the index of the message: few rows, while the index of the staff member has all
        .subquery("sender")
    )
    return (
        select(sender.c.message_id, func.count(_other.c.student.distinct()))
        .join_from(sender, _other, _other.c.staff == sender.c.staff)
        .where(
            _other.c.by_staff == schema.lit(1),
            _other.c.at > sender.c.at - schema.lit(HOUR),
            _other.c.at <= sender.c.at,
        )
        .group_by(sender.c.message_id)
    )


_STUDENTS = Statement(_students)


def counters(db: Database, ids: Sequence[str]) -> dict[str, dict[str, ContactCounters]]:
    """The counters of the conversations of messages, by message id and conversation."""
    students: dict[str, int] = dict(db.rows(_STUDENTS, ids=list(ids)))
    counted: dict[str, dict[str, ContactCounters]] = {}
    for id_, conversation, day, week, night, alone, outside in db.rows(_COUNTERS, ids=list(ids)):
        counted.setdefault(id_, {})[conversation] = ContactCounters(
            int(day), int(week), int(night), int(alone), int(outside), students.get(id_, 0)
        )
    return counted
