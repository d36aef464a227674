"""Contents of messages in the store. On SQLite large ones are written and read without the copies of a statement.

A statement with a large value holds it as the caller's bytes, as a bound value and as a part of the row: three times.
On PostgreSQL a connection keeps buffers as large as the largest value that it has carried: it is closed afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, func, insert, literal_column, select

from gateway.store.engine.dialects import Database, Statement
from gateway.store.schema import messages as schema

LARGE = 1 << 20
"""Bytes from which a content is written and read on its own."""

_OUTGROWN = 4 << 20  # bytes of a value from which it costs less to connect again than to keep the buffers

_INSERT = Statement(lambda sql: sql.insert(schema.contents))
_INSERT_ROOM = Statement(
    lambda sql: insert(schema.contents).values(
        message_id=bindparam("message_id"), subject=bindparam("subject"), excerpt=bindparam("excerpt"),
        content=func.zeroblob(bindparam("size")),
    )
)  # fmt: skip
_ROW_ID = Statement(
    lambda sql: select(literal_column("rowid")).where(schema.contents.c.message_id == bindparam("message_id"))
)
_CONTENT = Statement(
    lambda sql: select(schema.contents.c.content).where(schema.contents.c.message_id == bindparam("message_id"))
)


def write(db: Database, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows of message_id, subject, excerpt and content."""
    alone = [row for row in rows if db.dialect.name == "sqlite" and _size(row) >= LARGE]
    db.one_by_one(_INSERT, [row for row in rows if row not in alone] if alone else rows)
    db.outgrown |= not alone and any(_size(row) >= _OUTGROWN for row in rows)
    for row in alone:
        named = {name: row[name] for name in ("message_id", "subject", "excerpt")}
        db.change(_INSERT_ROOM, **named, size=_size(row))
        ((row_id,),) = db.rows(_ROW_ID, message_id=row["message_id"])
        content = row["content"]
        assert isinstance(content, bytes)
        db.write_blob("contents", "content", row_id, content)


def read(db: Database, message_id: str) -> bytes | None:
    """The content of one message; None if it is gone."""
    if db.dialect.name != "sqlite":
        found = next((bytes(content) for (content,) in db.rows(_CONTENT, message_id=message_id)), None)
        db.outgrown |= found is not None and len(found) >= _OUTGROWN
        return found
    with db.snapshot():
        row_ids = db.rows(_ROW_ID, message_id=message_id)
        return db.read_blob("contents", "content", row_ids[0][0]) if row_ids else None


def _size(row: Mapping[str, object]) -> int:
    content = row["content"]
    return len(content) if isinstance(content, bytes) else 0
