"""Media of texts (pictures and files): which to fetch, and the results.

A text waits a while for its media before it is published. The last result makes it due at once.
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
_INSERT = batch_insert(media)
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
_SAVE_RESULT = Statement(
    lambda sql: (
        update(media)
        .where(_m.message_id == bindparam("id"), _m.number == bindparam("part"), _m.fetch_at.is_not(null()))
        .values(
            fetch_at=null(), media_type=bindparam("kind"), size=bindparam("bytes"), sha256=bindparam("digest"),
            failed=bindparam("word"), content=bindparam("data"),
        )
    )
)  # fmt: skip
_RETRY = Statement(
    lambda sql: (
        update(media)
        .where(_m.message_id == bindparam("id"), _m.number == bindparam("part"), _m.fetch_at.is_not(null()))
        .values(fetch_at=bindparam("then"))
    )
)
_TOTAL_SIZE = Statement(
    lambda sql: select(func.coalesce(func.sum(_m.size), schema.lit(0))).where(_m.message_id == bindparam("id"))
)
_COUNT_UNFINISHED = Statement(
    lambda sql: select(func.count()).where(_m.message_id == bindparam("id"), _m.fetch_at.is_not(null()))
)
_PUBLISH_NOW = Statement(
    lambda sql: (
        update(schema.publications)
        .where(_p.message_id == bindparam("id"), _p.publish_at > bindparam("now"))
        .values(publish_at=bindparam("now"))
    )
)
_COLUMNS = (_m.message_id, _m.number, _m.media_type, _m.size, _m.sha256, _m.failed)
_WITHOUT_CONTENTS = Statement(
    lambda sql: select(*_COLUMNS).where(sql.among(_m.message_id)).order_by(_m.message_id, _m.number)
)
_WITH_CONTENTS = Statement(
    lambda sql: select(*_COLUMNS, _m.content).where(_m.message_id == bindparam("id")).order_by(_m.number)
)
DELETE_MEDIA = Statement(lambda sql: delete(media).where(sql.among(_m.message_id)))
"""Deletes the media of texts."""


@dataclass(frozen=True, slots=True)
class _FetchResult:
    request: MediaRequest
    result: MediaResult
    retry_in: float | None


def insert_requests(db: Database, messages: Sequence[Message]) -> None:
    """Insert a row for each medium of new texts, due to be fetched now."""
    rows = [
        {
            "message_id": message.id, "number": number, "url": storable(url), "fetch_at": db.now, "attempts": 0,
            "at": db.now, "media_type": "", "size": 0, "sha256": "", "failed": TIMEOUT, "content": b"",
        }
        for message in messages
        for number, url in enumerate(media_urls(message)[:MAX_FILES], start=1)
    ]  # fmt: skip
    db.batch(_INSERT, rows)


def media_urls(message: Message) -> Sequence[str]:
    """The URLs to fetch for a message; none for a message out of scope, which nobody reads."""
    return capabilities_of(message.channel).media_urls(message.envelope.options) if message.relation else ()


def without_contents(db: Database, ids: Sequence[str]) -> dict[str, tuple[MediaFile, ...]]:
    """The media of texts without their contents, by message id."""
    found: dict[str, tuple[MediaFile, ...]] = {}
    for id_, *columns in db.rows(_WITHOUT_CONTENTS, ids=list(ids)) if ids else []:
        found[id_] = (*found.get(id_, ()), MediaFile(*columns))
    return found


def with_contents(db: Database, id_: str) -> tuple[MediaFile, ...]:
    """The media of one text with their contents."""
    return tuple(_read_medium(row) for row in db.rows(_WITH_CONTENTS, id=id_))


def _read_medium(row: Row) -> MediaFile:
    _, number, kind, size, sha256, failed, content = row
    return MediaFile(number, kind, size, sha256, failed, bytes(content))


def _claim(db: Database, items: Sequence[tuple[int, float]]) -> list[list[MediaRequest]]:
    """Claimed media in the order of messages and media: PostgreSQL returns updated rows in no certain order."""
    claimed = ([MediaRequest(*row) for row in db.rows(_CLAIM, now=db.now, limit=limit, until=db.now + lease)]
               for limit, lease in items)  # fmt: skip
    return [sorted(requests, key=lambda request: (request.message_id, request.number)) for requests in claimed]


def _save_results(db: Database, items: Sequence[_FetchResult]) -> list[None]:
    for fetch in items:
        _save_result(db, fetch)
    return [None] * len(items)


def _save_result(db: Database, fetch: _FetchResult) -> None:
    id_, result = fetch.request.message_id, fetch.result
    if fetch.retry_in is not None:
        db.change(_RETRY, id=id_, part=fetch.request.number, then=db.now + fetch.retry_in)
        return
    content, failed = result.content, result.failed
    if db.rows(_TOTAL_SIZE, id=id_)[0][0] + len(content) > MAX_TOTAL_SIZE:
        content, failed = b"", TOO_LARGE
    changed = db.change(
        _SAVE_RESULT, id=id_, part=fetch.request.number, kind=storable(result.media_type), bytes=len(content),
        digest=sha256_of(content) if not failed else "", word=failed, data=content,
    )  # fmt: skip
    if changed and not db.rows(_COUNT_UNFINISHED, id=id_)[0][0] and db.change(_PUBLISH_NOW, id=id_, now=db.now):
        db.made_due.add(PUBLICATIONS)


_CLAIM_WRITE = Write(_claim, rank=3)
_SAVE_WRITE = Write(_save_results, rank=2)


class SqlMediaStore(FeatureStore):
    """See gateway.ports.channels.MediaStore."""

    async def claim_due(self, limit: int, lease: float) -> Sequence[MediaRequest]:
        """See gateway.ports.channels.MediaStore."""
        return await self._writer.write(_CLAIM_WRITE, (limit, lease))

    async def record_result(self, request: MediaRequest, result: MediaResult, retry_in: float | None) -> None:
        """See gateway.ports.channels.MediaStore."""
        await self._writer.write(_SAVE_WRITE, _FetchResult(request, result, retry_in))

    async def files_of(self, message_id: str) -> Sequence[MediaFile]:
        """See gateway.ports.channels.MediaStore."""
        return await self._readers.read(lambda db: with_contents(db, message_id))
