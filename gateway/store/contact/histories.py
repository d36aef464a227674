"""The history of the pairs of messages, up to and including each message (clauses 5 and 9).

Histories are counted from the log of contact each time, so a message that comes twice counts once, and every process
counts the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select, text

from gateway.core.contact.calendar import week_of
from gateway.core.contact.history import SIX_WEEKS, WEEK, ContactRow, PairHistory, SenderRates, Usual
from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.parties import OUTSIDE, is_outsider
from gateway.core.review.near_duplicates import is_near_duplicate, words_of
from gateway.store.engine.dialects import Database, SqlDialect, Statement
from gateway.store.schema import contact as contact_tables
from gateway.store.schema import messages as schema
from gateway.store.schema.directory import outside_writers

HOUR, DAY = 3600, 86400
COPIES_FROM = 3
"""Messages of one sender within a day from which their texts are compared."""
_MAX_COMPARED = 300
_MIN_WORDS = 4  # "ok thanks" many times a day is no copy of anything
_NO_ZONE_DAYS = 719162  # days from year 1 to 1970: the local minute of a row without one is that of UTC

_here, _other = schema.contacts.alias("here"), schema.contacts.alias("other")


def _up_to_here() -> ColumnElement[bool]:
    """The other row is of this message, or of one before it."""
    return and_(_other.c.at <= _here.c.at, or_(_other.c.at < _here.c.at, _other.c.message_id <= _here.c.message_id))


_HERE = Statement(
    lambda sql: select(
        _here.c.message_id, _here.c.conversation, _here.c.at, _here.c.staff, _here.c.local, _here.c.by_staff,
        _here.c.author, _here.c.alone + _here.c.outside,
        select(func.count())
        .where(
            _other.c.conversation == _here.c.conversation,
            _other.c.at > _here.c.at - schema.lit(int(WEEK)),
            _up_to_here(),
        )
        .scalar_subquery(),
    ).where(sql.among(_here.c.message_id))
)  # fmt: skip
_ROWS = Statement(
    lambda sql: (
        select(
            _here.c.message_id, _here.c.conversation, _other.c.at, _other.c.local, _other.c.by_staff, _other.c.alone,
            _other.c.outside, _other.c.channel, _other.c.marks, _other.c.purpose,
        )
        .join_from(_here, _other, _other.c.conversation == _here.c.conversation)
        .where(
            sql.among(_here.c.message_id),
            text("here.alone + here.outside > 0"),
            text("other.alone + other.outside > 0"),
            _other.c.at > _here.c.at - schema.lit(int(SIX_WEEKS)),
            _up_to_here(),
        )
        .order_by(_here.c.message_id, _here.c.conversation, _other.c.at, _other.c.message_id)
    )
)  # fmt: skip


def _students(sql: SqlDialect) -> Select[tuple[str, int]]:
    """How many students the staff member who wrote a message wrote to in the hour before it."""
    sender = (
        select(_here.c.message_id, _here.c.staff, _here.c.at)
        .where(
            sql.among(_here.c.message_id),
            _here.c.by_staff + schema.lit(0) == schema.lit(1),
            _here.c.author == schema.lit(""),
        )
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


def _readers(sql: SqlDialect) -> Select[tuple[str, int, int]]:
    """How many people a student, or somebody who is only claimed, wrote to in an hour, and messages in a day."""
    sender = (
        select(_here.c.message_id, _here.c.author, _here.c.at)
        .where(sql.among(_here.c.message_id), _here.c.author > schema.lit(""))
        .distinct()
        .subquery("sender")
    )
    in_hour = case((_other.c.at > sender.c.at - schema.lit(HOUR), _other.c.conversation))
    return (
        select(sender.c.message_id, func.count(in_hour.distinct()), func.count(_other.c.message_id.distinct()))
        .join_from(sender, _other, _other.c.author == sender.c.author)
        .where(
            _other.c.author != schema.lit(""),
            _other.c.at > sender.c.at - schema.lit(DAY),
            _other.c.at <= sender.c.at,
        )
        .group_by(sender.c.message_id)
    )


_w = outside_writers.c
_WRITTEN_AT = case((_w.last_at <= bindparam("at"), _w.last_at), else_=_w.first_at)
_WRITTEN_TO = Statement(
    lambda sql: select(func.count(), func.min(_WRITTEN_AT)).where(
        _w.author == bindparam("author"),
        bindparam("at") - schema.lit(int(WEEK)) < _WRITTEN_AT,
        bindparam("at") >= _WRITTEN_AT,
    )
)
_STUDENTS, _READERS = Statement(_students), Statement(_readers)
_SENT = Statement(
    lambda sql: (
        select(_other.c.message_id, _other.c.conversation, _other.c.at)
        .where(
            _other.c.author == bindparam("author"),
            _other.c.author != schema.lit(""),
            _other.c.at > bindparam("at") - schema.lit(DAY),
            _other.c.at <= bindparam("at"),
        )
        .order_by(_other.c.at.desc())
        .limit(schema.lit(_MAX_COMPARED))
    )
)
_c, _u = schema.contents.c, contact_tables.contact_usual.c
_EXCERPTS = Statement(lambda sql: select(_c.message_id, _c.excerpt).where(sql.among(_c.message_id)))
_USUAL = Statement(lambda sql: select(contact_tables.contact_usual).where(sql.among(_u.staff)).order_by(_u.week))


class _Here(NamedTuple):
    """The row of a message in one conversation."""

    id: str
    conversation: str
    at: float
    staff: str
    local: int | None
    by_staff: int
    author: str
    counted: int
    week_total: int


def histories(db: Database, ids: Sequence[str]) -> dict[str, dict[str, PairHistory]]:
    """The histories of the pairs of messages, by message id and conversation."""
    here = [_Here(*row) for row in db.rows(_HERE, ids=list(ids))]
    rows: dict[tuple[str, str], list[ContactRow]] = {}
    if any(row.counted for row in here):
        for id_, conversation, *columns in db.rows(_ROWS, ids=list(ids)):
            rows.setdefault((id_, conversation), []).append(read_row(*columns))
    rates = _rates(db, here)
    usual = _usual(db, {row.staff for row in here if row.counted})
    found: dict[str, dict[str, PairHistory]] = {}
    for row in here:
        found.setdefault(row.id, {})[row.conversation] = PairHistory(
            tuple(rows.get((row.id, row.conversation), ())),
            int(row.week_total),
            row.at,
            rates[row.id],
            _latest(usual.get(row.staff, ()), _local(row.at, row.local)) if row.counted else None,
        )
    return found


def read_row(
    at: float, local: int | None, by_staff: int, alone: int, outside: int, channel: str, marks: int, purpose: str
) -> ContactRow:
    """A row of the log."""
    return ContactRow(
        at, _local(at, local), bool(by_staff), bool(alone), bool(outside), channel or "mail", marks, purpose
    )


def _local(at: float, local: int | None) -> int:
    return int(at // 60) + _NO_ZONE_DAYS * 1440 if local is None else local


def _rates(db: Database, here: Sequence[_Here]) -> dict[str, SenderRates]:
    """The rates of the sender of each message."""
    first = {row.id: row for row in here}
    staff = [id_ for id_, row in first.items() if row.by_staff and not row.author]
    others = [id_ for id_, row in first.items() if row.author]
    rates = {id_: SenderRates(by_staff=bool(row.by_staff), outsider=_is_address(row)) for id_, row in first.items()}
    for id_, students in db.rows(_STUDENTS, ids=staff) if staff else ():
        rates[id_] = SenderRates(int(students))
    for id_, readers, messages in db.rows(_READERS, ids=others) if others else ():
        row = first[id_]
        copies = _copies(db, row) if messages >= COPIES_FROM else (0, 0, 0.0)
        outsider = _is_address(row)
        written_to = _written_to(db, row) if outsider and row.by_staff else (0, 0.0)
        rates[id_] = SenderRates(int(readers), bool(row.by_staff), outsider, *copies, *written_to)
    return rates


def _written_to(db: Database, row: _Here) -> tuple[int, float]:
    """How many students an outsider wrote to within a week, and since when: the oldest of the last mails to each."""
    author = row.staff.removeprefix(OUTSIDE) if is_outsider(row.staff) else canonical_address(row.author)
    students, since = db.rows(_WRITTEN_TO, author=author, at=row.at)[0]
    return int(students), float(since or row.at)


def _is_address(row: _Here) -> bool:
    """Whether the author is an address: staff authors have none in the log, students have their sourcedId."""
    return bool(row.author) and (bool(row.by_staff) or "@" in row.author or row.author.startswith("+"))


def _copies(db: Database, here: _Here) -> tuple[int, int, float]:
    """How many messages of the author say nearly the same as this one, to how many people, and since when."""
    sent = [
        (id_, conversation, at)
        for id_, conversation, at in db.rows(_SENT, author=here.author, at=here.at)
        if at < here.at or id_ <= here.id
    ]
    texts = {id_: words_of(text) for id_, text in db.rows(_EXCERPTS, ids=sorted({id_ for id_, _, _ in sent}))}
    own = texts.get(here.id)
    if own is None or len(own) < _MIN_WORDS:
        return 0, 0, here.at
    same = {id_ for id_, words in texts.items() if is_near_duplicate(own, words)}
    return (
        len(same),
        len({conversation for id_, conversation, _ in sent if id_ in same}),
        min((at for id_, _, at in sent if id_ in same), default=here.at),
    )


def _usual(db: Database, staff: set[str]) -> Mapping[str, list[tuple[int, Usual]]]:
    found: dict[str, list[tuple[int, Usual]]] = {}
    if staff:
        for id_, week, *figures in db.rows(_USUAL, ids=sorted(staff)):
            found.setdefault(id_, []).append((int(week), Usual(*figures)))
    return found


def _latest(known: Sequence[tuple[int, Usual]], local: int) -> Usual | None:
    """What was usual at a local minute: by the newest week that is not later."""
    return next((usual for week, usual in reversed(known) if week <= week_of(local)), None)
