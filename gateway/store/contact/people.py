"""The contact of one person with everybody on the other side, for the page of a person."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam, func, select

from gateway.core.contact.history import ContactRow
from gateway.core.contact.person import PersonContact, RaisedMessage
from gateway.ports.contact import StoredFinding
from gateway.store.contact.findings import read_finding
from gateway.store.contact.histories import read_row
from gateway.store.engine.columns import decode_decision
from gateway.store.engine.dialects import Database, Statement
from gateway.store.schema import contact as contact_tables
from gateway.store.schema import directory as directory_tables
from gateway.store.schema import messages as schema

MAX_ROWS = 20_000
"""Counted messages of one person that are looked at, the newest ones."""
MAX_TOLD = 200
"""Findings, and messages that were raised, of one page."""

_x, _r, _f, _a = (
    schema.contacts.c,
    schema.recipients.c,
    contact_tables.contact_findings.c,
    directory_tables.directory_accounts.c,
)


def _rows_statement(side: ColumnElement[str]) -> Statement:
    return Statement(
        lambda sql: (
            select(
                _x.conversation, _x.staff, _x.student,
                _x.at, _x.local, _x.by_staff, _x.alone, _x.outside, _x.channel, _x.marks, _x.purpose,
            )
            .where(side == bindparam("person"), schema.COUNTED, _x.at >= bindparam("since"))
            .order_by(_x.at.desc())
            .limit(schema.lit(MAX_ROWS))
        )
    )  # fmt: skip


def _raised_statement(side: ColumnElement[str]) -> Statement:
    return Statement(
        lambda sql: (
            select(_x.message_id, _x.conversation, _x.at, _x.by_staff, _x.channel, _r.action, _r.decision)
            .join_from(schema.contacts, schema.recipients, _r.message_id == _x.message_id)
            .where(
                side == bindparam("key"), schema.COUNTED, _x.at >= bindparam("since"), _r.marked == schema.lit(1)
            )
            .order_by(_x.at.desc(), _x.message_id, _r.position)
            .limit(schema.lit(2 * MAX_TOLD))
        )
    )  # fmt: skip


_ROWS = {True: _rows_statement(_x.staff), False: _rows_statement(_x.student)}
_RAISED = {True: _raised_statement(_x.staff), False: _raised_statement(_x.student)}
_RAISED_OF_PAIR = _raised_statement(_x.conversation)
_TOTALS = Statement(
    lambda sql: (
        select(_x.conversation, func.count())
        .where(sql.among(_x.conversation), _x.at >= bindparam("since"))
        .group_by(_x.conversation)
    )
)
_FINDINGS = Statement(
    lambda sql: (
        select(_f.conversation, _f.message_id, _f.at, _f.clause, _f.rule, _f.text, _f.flags)
        .where(sql.among(_f.conversation), _f.at >= bindparam("since"))
        .order_by(_f.at.desc(), _f.message_id, _f.clause, _f.rule)
        .limit(schema.lit(MAX_TOLD))
    )
)
_ACCOUNTS = Statement(
    lambda sql: (
        select(_a.address, _a.status, _a.basis, _a.confidence, _a.messages, _a.last_at)
        .where(_a.person == bindparam("person"))
        .order_by(_a.last_at.desc())
        .limit(schema.lit(MAX_TOLD))
    )
)


def contact_of_person(db: Database, person: str, by_staff: bool, since: float) -> PersonContact:
    """The counted messages of a staff member or a student, by conversation, and what was found at them."""
    rows: dict[str, list[ContactRow]] = {}
    others: dict[str, str] = {}
    for conversation, staff, student, *columns in db.rows(_ROWS[by_staff], person=person, since=since):
        rows.setdefault(conversation, []).append(read_row(*columns))
        others[conversation] = student if by_staff else staff
    ids = sorted(rows)
    totals = {str(key): int(number) for key, number in db.rows(_TOTALS, ids=ids, since=since)} if ids else {}
    findings: dict[str, list[StoredFinding]] = {}
    for conversation, *columns in db.rows(_FINDINGS, ids=ids, since=since) if ids else ():
        findings.setdefault(conversation, []).append(read_finding(*columns))
    return PersonContact(
        others={conversation: others[conversation] for conversation in ids},
        rows={conversation: tuple(reversed(found)) for conversation, found in rows.items()},
        totals=totals,
        findings={
            key: tuple((it.at, it.clause, it.text, it.flags, it.message_id) for it in found)
            for key, found in findings.items()
        },
        raised=_raised(db.rows(_RAISED[by_staff], key=person, since=since)) if ids else (),
        accounts=tuple(
            (str(address), str(status), str(basis), float(confidence), int(messages), float(last_at))
            for address, status, basis, confidence, messages, last_at in db.rows(_ACCOUNTS, person=person)
        ),
    )


def raised_of_pair(db: Database, conversation: str, since: float) -> tuple[RaisedMessage, ...]:
    """The counted messages of a pair that were flagged, held or alerted, the newest first."""
    return _raised(db.rows(_RAISED_OF_PAIR, key=conversation, since=since))


def _raised(rows: Sequence[Sequence[object]]) -> tuple[RaisedMessage, ...]:
    found: dict[tuple[str, str], RaisedMessage] = {}
    for id_, conversation, at, by_staff, channel, action, decision in rows:
        clauses = decode_decision(str(decision)).clauses if decision else ()
        key = str(id_), str(conversation)
        found.setdefault(
            key,
            RaisedMessage(
                key[0], key[1], float(str(at)), bool(by_staff), str(channel) or "mail", str(action or ""), clauses
            ),
        )
    return tuple(found.values())[:MAX_TOLD]
