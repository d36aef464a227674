"""Answers to API requests with an idempotency key."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    bindparam,
    delete,
    or_,
    select,
    update,
)

from gateway.ports.review import IdempotentAnswer
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import review as review_tables

_n = review_tables.answers.c

REMEMBERED_SECONDS = 86400.0
"""Seconds that an answer is remembered."""
UNANSWERED_SECONDS = 60.0
"""Seconds after which the key of a request without an answer may be used again."""
_RESERVE = batch_insert(review_tables.answers, ignore_existing=True)
_KNOWN = Statement(
    lambda sql: select(_n.request, _n.at, _n.status, _n.body).where(
        _n.user_name == bindparam("user"), _n.key == bindparam("key")
    )
)
_SAVE = Statement(
    lambda sql: (
        update(review_tables.answers)
        .where(_n.user_name == bindparam("user"), _n.key == bindparam("mark"))
        .values(status=bindparam("to_status"), body=bindparam("to_body"))
    )
)
_DELETE_OLD = Statement(
    lambda sql: delete(review_tables.answers).where(
        or_(
            _n.at < bindparam("before"),
            (_n.user_name == bindparam("user")) & _n.status.is_(None) & (_n.at < bindparam("stale")),
        )
    )
)
_DELETE = Statement(
    lambda sql: delete(review_tables.answers).where(_n.user_name == bindparam("user"), _n.key == bindparam("mark"))
)


def _reserve(db: Database, items: Sequence[tuple[str, str, str]]) -> list[IdempotentAnswer | None]:
    known: list[IdempotentAnswer | None] = []
    for user, key, request in items:
        db.change(_DELETE_OLD, before=db.now - REMEMBERED_SECONDS, user=user, stale=db.now - UNANSWERED_SECONDS)
        row = {"user_name": user, "key": key, "request": request, "at": db.now, "status": None, "body": None}
        if db.batch(_RESERVE, [row]):
            known.append(None)
        else:
            ((earlier_request, _, status, body),) = db.rows(_KNOWN, user=user, key=key)
            known.append(IdempotentAnswer(earlier_request, status, body or ""))
    return known


def _save(db: Database, items: Sequence[tuple[str, str, int | None, str]]) -> list[None]:
    for user, key, status, body in items:
        if status is None:
            db.change(_DELETE, user=user, mark=key)
        else:
            db.change(_SAVE, user=user, mark=key, to_status=status, to_body=body)
    return [None] * len(items)


_RESERVE_WRITE, _SAVE_WRITE = Write(_reserve), Write(_save)


class SqlIdempotencyStore(FeatureStore):
    """See gateway.ports.review.IdempotencyStore."""

    async def reserve(self, user: str, key: str, request: str) -> IdempotentAnswer | None:
        """See gateway.ports.review.IdempotencyStore."""
        return await self._writer.write(_RESERVE_WRITE, (user, storable(key), request))

    async def save_answer(self, user: str, key: str, status: int | None, body: str) -> None:
        """See gateway.ports.review.IdempotencyStore."""
        await self._writer.write(_SAVE_WRITE, (user, storable(key), status, body))
