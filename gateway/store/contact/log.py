"""The rows of the log of contact, written when a message is accepted, and rebuilt from the stored messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update

from gateway.core.contact.log import ContactLogRow, contact_log_rows
from gateway.core.messages.parties import Direction, Relation
from gateway.core.messages.verdict import Verdict
from gateway.ports.contact import LogRules
from gateway.store.engine.columns import decode_envelope, decode_verdict_text, storable
from gateway.store.engine.dialects import BatchStatement, Database, Row, Statement, batch_insert
from gateway.store.schema import messages as schema

INSERT = batch_insert(schema.contacts)
_m, _c, _v, _x = schema.messages.c, schema.contents.c, schema.verdicts.c, schema.contacts.c
_PAGE = Statement(
    lambda sql: (
        select(_m.id, _m.channel, _m.received_at, _m.envelope, _c.excerpt, _c.subject, _v.verdict)
        .join_from(schema.messages, schema.contents, _c.message_id == _m.id, isouter=True)
        .join(schema.verdicts, _v.message_id == _m.id, isouter=True)
        .where(_m.id > bindparam("behind"), _m.received_at >= bindparam("since"))
        .order_by(_m.id)
        .limit(bindparam("limit"))
    )
)
_KNOWN = Statement(lambda sql: select(schema.contacts).where(sql.among(_x.message_id)))
_DELETE = Statement(lambda sql: delete(schema.contacts).where(sql.among(_x.message_id)))
_SET_PURPOSE = BatchStatement(
    lambda sql, value: (
        update(schema.contacts)
        .where(_x.message_id == value("id"), _x.conversation == value("conversation"))
        .values(purpose=value("purpose"))
    ),
    id=schema.TEXT,
    conversation=schema.TEXT,
    purpose=schema.TEXT,
)


def rows_of(id_: str, at: float, relation: Relation, contacts: Sequence[ContactLogRow]) -> list[dict[str, object]]:
    """The rows of one message."""
    by_staff = {(pair.staff, pair.student) for pair in relation.pairs if pair.direction is Direction.STAFF_TO_STUDENT}
    rows: dict[str, dict[str, object]] = {
        contact.conversation: {
            "message_id": id_,
            "conversation": contact.conversation,
            "at": float(at),
            "staff": storable(contact.staff),
            "student": storable(contact.student),
            "by_staff": int((contact.staff, contact.student) in by_staff),
            "night": int(contact.night),
            "alone": int(contact.alone),
            "outside": int(contact.outside),
            "local": contact.local,
            "channel": contact.channel,
            "author": "" if contact.author == contact.staff else storable(contact.author),
            "marks": contact.marks,
            "purpose": "",
        }
        for contact in contacts
    }
    return list(rows.values())


def likely_purpose(verdict: Verdict) -> str:
    """The most likely purpose by a verdict, "" without any."""
    return max(verdict.purpose, key=verdict.purpose.__getitem__, default="")


def set_purposes(db: Database, purposes: Mapping[tuple[str, str], str]) -> None:
    """Note the purposes of counted messages, by message id and conversation."""
    db.batch(
        _SET_PURPOSE,
        [
            {"id": id_, "conversation": conversation, "purpose": storable(purpose)}
            for (id_, conversation), purpose in sorted(purposes.items())
        ],
    )


@dataclass(frozen=True, slots=True)
class RebuildPage:
    """The messages behind an id, at most `limit`, accepted since a time."""

    behind: str
    since: float
    limit: int
    rules: LogRules


@dataclass(frozen=True, slots=True)
class RebuiltPage:
    """The last id of a page ("" at the end), its messages, and how many rows have changed."""

    last: str
    messages: int
    changed: int


def rebuild(db: Database, items: Sequence[RebuildPage]) -> list[RebuiltPage]:
    """Write the log of pages of messages again."""
    return [_rebuild(db, page) for page in items]


def _rebuild(db: Database, page: RebuildPage) -> RebuiltPage:
    heads = db.rows(_PAGE, behind=page.behind, since=page.since, limit=page.limit)
    if not heads:
        return RebuiltPage("", 0, 0)
    ids = [str(head[0]) for head in heads]
    names = [column.name for column in schema.contacts.columns]
    known: dict[tuple[str, str], dict[str, object]] = {}
    for row in db.rows(_KNOWN, ids=ids):
        values = dict(zip(names, row, strict=True))
        known[str(values["message_id"]), str(values["conversation"])] = values
    rows = [row for head in heads for row in _rows_again(head, known, page.rules)]
    fresh = {(str(row["message_id"]), str(row["conversation"])): row for row in rows}
    changed = {key for key in known.keys() | fresh.keys() if known.get(key) != fresh.get(key)}
    if changed:
        touched = sorted({id_ for id_, _ in changed})
        db.change(_DELETE, ids=touched)
        db.batch(INSERT, [row for row in rows if row["message_id"] in set(touched)])
    return RebuiltPage(ids[-1], len(ids), len(changed))


def _rows_again(
    head: Row, known: Mapping[tuple[str, str], Mapping[str, object]], rules: LogRules
) -> list[dict[str, object]]:
    """The rows of a stored message. What its deleted content or verdict would tell is taken from the known rows."""
    id_, channel, at, text, excerpt, subject, verdict = head
    envelope, relation = decode_envelope(text)
    if not relation:
        return []
    contacts = contact_log_rows(
        relation, [recipient.address for recipient in envelope.recipients], at, rules.time_zone, rules.night,
        sender=envelope.sender, channel=channel, text=excerpt or "", subject=subject or "",
    )  # fmt: skip
    purpose = likely_purpose(decode_verdict_text(verdict)) if verdict is not None else None
    rows = rows_of(id_, at, relation, contacts)
    for row in rows:
        before = known.get((id_, str(row["conversation"])), {})
        if excerpt is None and before:
            row["marks"] = before["marks"]
        if row["alone"] or row["outside"]:
            row["purpose"] = purpose if purpose is not None else before.get("purpose", "")
    return rows
