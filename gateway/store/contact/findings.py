"""Findings about pairs in words: rows written with the decision at which they arose."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.policy.decision import ContactNote
from gateway.ports.contact import StoredFinding
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, batch_insert
from gateway.store.schema import contact as contact_tables

_INSERT = batch_insert(contact_tables.contact_findings, ignore_existing=True)


def write(db: Database, notes: Iterable[tuple[str, float, ContactNote]]) -> None:
    """Write notes, with the id of their message and its time. What is there already stays."""
    rows = {
        (id_, note.conversation, note.clause, note.limit): {
            "message_id": id_,
            "conversation": note.conversation,
            "clause": note.clause,
            "rule": note.limit,
            "at": float(at),
            "flags": int(note.flags),
            "text": storable(note.text),
        }
        for id_, at, note in notes
    }
    db.batch(_INSERT, [rows[key] for key in sorted(rows)])


def read_finding(message_id: str, at: float, clause: str, limit: str, text: str, flags: int) -> StoredFinding:
    """A finding from its row."""
    return StoredFinding(message_id, at, clause, limit, text, bool(flags))
