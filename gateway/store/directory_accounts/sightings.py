"""What was seen of addresses: guesses, unknown district addresses, and outside addresses that write to students."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, case, delete, select, update

from gateway.core.relation.answers import Answered
from gateway.ports.directory_accounts import Sightings
from gateway.store.engine.columns import UNDECODABLE, decode_envelope
from gateway.store.engine.dialects import BatchStatement, Database, Statement, batch_insert
from gateway.store.schema import directory as tables
from gateway.store.schema import messages as schema

KEPT_DAYS = 400
"""Days for which an unknown address, and who wrote to students, is kept after it was last seen."""
_MAX_ANSWERED = 20

_a, _u, _w, _m = tables.directory_accounts.c, tables.directory_unknown.c, tables.outside_writers.c, schema.messages.c
INSERT_ACCOUNT = batch_insert(tables.directory_accounts, ignore_existing=True)
_SEE_ACCOUNT = BatchStatement(
    lambda sql, value: (
        update(tables.directory_accounts)
        .where(_a.address == value("address"), _a.person == value("person"))
        .values(
            messages=_a.messages + value("messages"),
            last_at=value("last_at"),
            basis=case((_a.confidence < value("confidence"), value("basis")), else_=_a.basis),
            confidence=case((_a.confidence < value("confidence"), value("confidence")), else_=_a.confidence),
        )
    ),
    address=schema.TEXT,
    person=schema.TEXT,
    messages=_a.messages.type,
    last_at=_a.last_at.type,
    basis=schema.TEXT,
    confidence=_a.confidence.type,
)
_INSERT_UNKNOWN = batch_insert(tables.directory_unknown, ignore_existing=True)
_SEE_UNKNOWN = BatchStatement(
    lambda sql, value: (
        update(tables.directory_unknown)
        .where(_u.address == value("address"))
        .values(messages=_u.messages + value("messages"), last_at=value("last_at"))
    ),
    address=schema.TEXT,
    messages=_u.messages.type,
    last_at=_u.last_at.type,
)
_EXPIRE_UNKNOWN = Statement(lambda sql: delete(tables.directory_unknown).where(_u.last_at < bindparam("before")))
_INSERT_WRITER = batch_insert(tables.outside_writers, ignore_existing=True)
_SEE_WRITER = BatchStatement(
    lambda sql, value: (
        update(tables.outside_writers)
        .where(_w.author == value("author"), _w.student == value("student"), _w.last_at < value("last_at"))
        .values(last_at=value("last_at"))
    ),
    author=schema.TEXT,
    student=schema.TEXT,
    last_at=_w.last_at.type,
)
_EXPIRE_WRITERS = Statement(lambda sql: delete(tables.outside_writers).where(_w.last_at < bindparam("before")))
_STUDENTS = Statement(
    lambda sql: (
        select(_w.student).where(_w.author == bindparam("author"), _w.last_at > bindparam("since")).order_by(_w.student)
    )
)
_ANSWERED = Statement(
    lambda sql: select(_m.message_id, _m.envelope).where(sql.among(_m.message_id)).limit(schema.lit(_MAX_ANSWERED))
)


def record(db: Database, items: Sequence[Sightings]) -> list[None]:
    """Add what was seen."""
    for seen in items:
        accounts = [
            {
                "address": account.address, "person": account.person, "status": account.status, "basis": account.basis,
                "confidence": account.confidence, "messages": account.messages, "first_at": db.now, "last_at": db.now,
                "decided_by": "", "decided_at": 0.0, "reason": "",
            }
            for account in sorted(seen.accounts, key=lambda account: (account.address, account.person))
        ]  # fmt: skip
        keys = ("address", "person", "messages", "last_at", "basis", "confidence")
        db.batch(INSERT_ACCOUNT, [account | {"messages": 0} for account in accounts])
        db.batch(_SEE_ACCOUNT, [{key: account[key] for key in keys} for account in accounts])
        unknown = [
            {"address": address, "messages": messages, "first_at": db.now, "last_at": db.now}
            for address, messages in sorted((seen.unknown or {}).items())
        ]
        db.batch(_INSERT_UNKNOWN, [row | {"messages": 0} for row in unknown])
        db.batch(_SEE_UNKNOWN, [{key: row[key] for key in ("address", "messages", "last_at")} for row in unknown])
        if unknown:
            db.change(_EXPIRE_UNKNOWN, before=db.now - KEPT_DAYS * 86400)
    return [None] * len(items)


@dataclass(frozen=True, slots=True)
class SeenWriter:
    """An outside address that writes to students at a time, and the seconds before it that count."""

    author: str
    students: Sequence[str]
    at: float
    within: float


def count_students(db: Database, items: Sequence[SeenWriter]) -> list[list[str]]:
    """Note who wrote to which students, and return the students of each author."""
    found = []
    for seen in items:
        rows = [
            {"author": seen.author, "student": student, "first_at": seen.at, "last_at": seen.at}
            for student in sorted(set(seen.students))
        ]
        if db.batch(_INSERT_WRITER, rows) != len(rows):
            db.batch(_SEE_WRITER, [{key: row[key] for key in ("author", "student", "last_at")} for row in rows])
        found.append([str(row[0]) for row in db.rows(_STUDENTS, author=seen.author, since=seen.at - seen.within)])
    if items:
        db.change(_EXPIRE_WRITERS, before=min(seen.at for seen in items) - KEPT_DAYS * 86400)
    return found


def answered(db: Database, message_ids: Sequence[str]) -> list[Answered]:
    """The messages in scope with these Message-IDs, in the order of the ids."""
    found: dict[str, list[Answered]] = {}
    for message_id, text in db.rows(_ANSWERED, ids=list(message_ids)):
        try:
            envelope, relation = decode_envelope(text)
        except UNDECODABLE:
            continue
        if relation:
            recipients = tuple(recipient.address for recipient in envelope.recipients)
            found.setdefault(str(message_id), []).append(Answered(envelope.sender, recipients, relation))
    return [message for id_ in message_ids for message in found.get(id_, ())]
