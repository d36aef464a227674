"""Contact counted up to a message: how much the two of each of its conversations wrote, and when (clauses 5 and 9)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, case, func, select

from gateway.core.policy.contact import ContactCounters
from gateway.store.engine.dialects import Database, SqlDialect, Statement
from gateway.store.schema import messages as schema

HOUR, DAY, WEEK = 3600, 86400, 604800

_here, _each = schema.contacts.alias("here"), schema.contacts.alias("each")
_EVERY = Statement(
    lambda sql: (
        select(
            _here.c.message_id,
            _here.c.conversation,
            func.sum(case((_each.c.at > _here.c.at - schema.lit(DAY), schema.lit(1)), else_=schema.lit(0))),
            func.count(),
            func.sum(_each.c.night),
            func.sum(_each.c.alone),
            func.sum(_each.c.outside),
        )
        .join_from(_here, _each, _each.c.conversation == _here.c.conversation)
        .where(
            sql.among(_here.c.message_id),
            _each.c.at > _here.c.at - schema.lit(WEEK),
            _each.c.at <= _here.c.at,
            (_each.c.at < _here.c.at) | (_each.c.message_id <= _here.c.message_id),
        )
        .group_by(_here.c.message_id, _here.c.conversation)
    )
)


def _students(sql: SqlDialect) -> Select[tuple[str, int]]:
    """Different students that the staff member who wrote a message wrote to within the hour before it."""
    sender = (
        select(_here.c.message_id, _here.c.staff, _here.c.at)
        .where(sql.among(_here.c.message_id), _here.c.by_staff + schema.lit(0) == schema.lit(1))
        .distinct()  # the sum keeps it on the key of the message: few rows, where the index of the staff has all
        .subquery("sender")
    )
    return (
        select(sender.c.message_id, func.count(_each.c.student.distinct()))
        .join_from(sender, _each, _each.c.staff == sender.c.staff)
        .where(
            _each.c.by_staff == schema.lit(1),
            _each.c.at > sender.c.at - schema.lit(HOUR),
            _each.c.at <= sender.c.at,
        )
        .group_by(sender.c.message_id)
    )


_STUDENTS = Statement(_students)


def counters(db: Database, ids: Sequence[str]) -> dict[str, dict[str, ContactCounters]]:
    """The counters of each conversation of each message, by message id and conversation."""
    students: dict[str, int] = dict(db.rows(_STUDENTS, ids=list(ids)))
    found: dict[str, dict[str, ContactCounters]] = {}
    for id_, conversation, day, week, night, alone, outside in db.rows(_EVERY, ids=list(ids)):
        found.setdefault(id_, {})[conversation] = ContactCounters(
            int(day), int(week), int(night), int(alone), int(outside), students.get(id_, 0)
        )
    return found
