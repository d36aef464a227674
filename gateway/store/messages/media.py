"""Pictures and files of texts: which are to be fetched, and what came of it.

A text waits for its own for a while before it is published. Whoever settles the last of them makes it due at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, null, select, update

from gateway.core.channels.registry import capabilities_of
from gateway.core.messages.media import (
    MAX_FILES,
    MAX_TOTAL_SIZE,
    TIMEOUT,
    TOO_LARGE,
    MediaFile,
    MediaRequest,
    MediaResult,
)
from gateway.core.messages.message import Message, sha256_of
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import PUBLICATIONS, Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.media import media

_m, _p = media.c, schema.publications.c
_KEEP = batch_insert(media)
_due = (
    select(_m.message_id, _m.number)
    .where(_m.fetch_at <= bindparam("now"))
    .order_by(_m.fetch_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = Statement(
    lambda sql: (
        update(media)
        .where(
            select(_due.c.number).where(_due.c.message_id == _m.message_id, _due.c.number == _m.number).exists(),
        )
        .values(fetch_at=bindparam("until"), attempts=_m.attempts + schema.lit(1))
        .returning(_m.message_id, _m.number, _m.url, _m.attempts, _m.at)
    )
)
_SETTLED = Statement(
    lambda sql: (
        update(media)
        .where(_m.message_id == bindparam("id"), _m.number == bindparam("part"), _m.fetch_at.is_not(null()))
        .values(
            fetch_at=null(), media_type=bindparam("kind"), size=bindparam("bytes"), sha256=bindparam("digest"),
            failed=bindparam("word"), content=bindparam("data"),
        )
    )
)  # fmt: skip
_LATER = Statement(
    lambda sql: (
        update(media)
        .where(_m.message_id == bindparam("id"), _m.number == bindparam("part"), _m.fetch_at.is_not(null()))
        .values(fetch_at=bindparam("then"))
    )
)
_TOGETHER = Statement(
    lambda sql: select(func.coalesce(func.sum(_m.size), schema.lit(0))).where(_m.message_id == bindparam("id"))
)
_OPEN = Statement(lambda sql: select(func.count()).where(_m.message_id == bindparam("id"), _m.fetch_at.is_not(null())))
_PUBLISH_NOW = Statement(
    lambda sql: (
        update(schema.publications)
        .where(_p.message_id == bindparam("id"), _p.publish_at > bindparam("now"))
        .values(publish_at=bindparam("now"))
    )
)
_FACTS = (_m.message_id, _m.number, _m.media_type, _m.size, _m.sha256, _m.failed)
_ABOUT = Statement(lambda sql: select(*_FACTS).where(sql.among(_m.message_id)).order_by(_m.message_id, _m.number))
_WHOLE = Statement(lambda sql: select(*_FACTS, _m.content).where(_m.message_id == bindparam("id")).order_by(_m.number))
MEDIA_OF = Statement(lambda sql: delete(media).where(sql.among(_m.message_id)))
"""Lets go of the pictures and files of some texts."""


@dataclass(frozen=True, slots=True)
class _Ended:
    wanted: MediaRequest
    fetched: MediaResult
    later: float | None


def keep(db: Database, messages: Sequence[Message]) -> None:
    """The rows of the pictures and files of texts that were just taken."""
    rows = [
        {
            "message_id": message.id, "number": number, "url": storable(url), "fetch_at": db.now, "attempts": 0,
            "at": db.now, "media_type": "", "size": 0, "sha256": "", "failed": TIMEOUT, "content": b"",
        }
        for message in messages
        for number, url in enumerate(urls_of(message)[:MAX_FILES], start=1)
    ]  # fmt: skip
    db.batch(_KEEP, rows)


def urls_of(message: Message) -> Sequence[str]:
    """The addresses of what is to be fetched for a message: nothing of one that nobody reads."""
    return capabilities_of(message.channel).media_urls(message.envelope.options) if message.relation else ()


def about(db: Database, ids: Sequence[str]) -> dict[str, tuple[MediaFile, ...]]:
    """The pictures and files of texts, without their contents."""
    found: dict[str, tuple[MediaFile, ...]] = {}
    for id_, *facts in db.rows(_ABOUT, ids=list(ids)) if ids else []:
        found[id_] = (*found.get(id_, ()), MediaFile(*facts))
    return found


def whole(db: Database, id_: str) -> tuple[MediaFile, ...]:
    """The pictures and files of one text with their contents."""
    return tuple(_medium(row) for row in db.rows(_WHOLE, id=id_))


def _medium(row: Row) -> MediaFile:
    _, number, kind, size, digest, word, content = row
    return MediaFile(number, kind, size, digest, word, bytes(content))


def _claim(db: Database, items: Sequence[tuple[int, float]]) -> list[list[MediaRequest]]:
    """In the order of messages and their files: PostgreSQL returns what it changed in no order of its own."""
    claimed = ([MediaRequest(*row) for row in db.rows(_CLAIM, now=db.now, limit=limit, until=db.now + lease)]
               for limit, lease in items)  # fmt: skip
    return [sorted(each, key=lambda wanted: (wanted.message_id, wanted.number)) for each in claimed]


def _end(db: Database, items: Sequence[_Ended]) -> list[None]:
    for each in items:
        _end_one(db, each)
    return [None] * len(items)


def _end_one(db: Database, ended: _Ended) -> None:
    id_, fetched = ended.wanted.message_id, ended.fetched
    if ended.later is not None:
        db.change(_LATER, id=id_, part=ended.wanted.number, then=db.now + ended.later)
        return
    content, word = fetched.content, fetched.failed
    if db.rows(_TOGETHER, id=id_)[0][0] + len(content) > MAX_TOTAL_SIZE:
        content, word = b"", TOO_LARGE
    changed = db.change(
        _SETTLED, id=id_, part=ended.wanted.number, kind=storable(fetched.media_type), bytes=len(content),
        digest=sha256_of(content) if not word else "", word=word, data=content,
    )  # fmt: skip
    if changed and not db.rows(_OPEN, id=id_)[0][0] and db.change(_PUBLISH_NOW, id=id_, now=db.now):
        db.made_due.add(PUBLICATIONS)


_CLAIM_WRITE = Write(_claim, rank=3)
_END_WRITE = Write(_end, rank=2)


class SqlMediaStore(FeatureStore):
    """See gateway.ports.channels.MediaStore."""

    async def claim_due(self, limit: int, lease: float) -> Sequence[MediaRequest]:
        """See gateway.ports.channels.MediaStore."""
        return await self._writer.write(_CLAIM_WRITE, (limit, lease))

    async def record_result(self, wanted: MediaRequest, fetched: MediaResult, later: float | None) -> None:
        """See gateway.ports.channels.MediaStore."""
        await self._writer.write(_END_WRITE, _Ended(wanted, fetched, later))

    async def files_of(self, message_id: str) -> Sequence[MediaFile]:
        """See gateway.ports.channels.MediaStore."""
        return await self._readers.read(lambda db: whole(db, message_id))
