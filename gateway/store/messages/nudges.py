"""Nudges: which conversations had a message that was returned to its author; written with the decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete, select

from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.schema.senders import nudges

_REMEMBERED_SECONDS = 30 * 86400.0

_n = nudges.c
_ADD = batch_insert(nudges, ignore_existing=True)
_DELETE_OLD = Statement(lambda sql: delete(nudges).where(_n.at < bindparam("before")))
_SINCE = Statement(lambda sql: select(_n.conversation).where(_n.at > bindparam("since")))


def write(db: Database, items: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Write the conversations of messages that are returned, and delete what is old."""
    rows = [
        {"message_id": id_, "conversation": storable(conversation), "at": db.now}
        for id_, conversations in items
        for conversation in conversations
    ]
    if rows:
        db.change(_DELETE_OLD, before=db.now - _REMEMBERED_SECONDS)
        db.batch(_ADD, rows)


def nudged_since(db: Database, since: float) -> frozenset[str]:
    """The conversations of messages that were returned since a time."""
    return frozenset(row[0] for row in db.rows(_SINCE, since=since))
