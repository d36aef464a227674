"""TODO."""

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
from gateway.store.engine.columns import fit
from gateway.store.engine.dialects import Run, Statement, insert_each
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema

_n = schema.answers.c

ANSWERS_KEPT = 86400.0
"""Seconds that the answer to a request with an idempotency key is remembered."""
ANSWER_WITHIN = 60.0
"""Seconds after which a request that was never answered may be taken up again."""
_ASK = insert_each(schema.answers, again=True)
_KNOWN = Statement(
    lambda of: select(_n.request, _n.at, _n.status, _n.body).where(
        _n.user_name == bindparam("user"), _n.key == bindparam("key")
    )
)
_ANSWER = Statement(
    lambda of: (
        update(schema.answers)
        .where(_n.user_name == bindparam("user"), _n.key == bindparam("mark"))
        .values(status=bindparam("to_status"), body=bindparam("to_body"))
    )
)
_OLD = Statement(
    lambda of: delete(schema.answers).where(
        or_(
            _n.at < bindparam("before"),
            (_n.user_name == bindparam("user")) & _n.status.is_(None) & (_n.at < bindparam("stale")),
        )
    )
)
_FORGET = Statement(
    lambda of: delete(schema.answers).where(_n.user_name == bindparam("user"), _n.key == bindparam("mark"))
)


def _ask(run: Run, items: Sequence[tuple[str, str, str]]) -> list[IdempotentAnswer | None]:
    known: list[IdempotentAnswer | None] = []
    for user, key, request in items:
        run.change(_OLD, before=run.now - ANSWERS_KEPT, user=user, stale=run.now - ANSWER_WITHIN)
        row = {"user_name": user, "key": key, "request": request, "at": run.now, "status": None, "body": None}
        if run.each(_ASK, [row]):
            known.append(None)
        else:
            ((of, _, status, body),) = run.rows(_KNOWN, user=user, key=key)
            known.append(IdempotentAnswer(of, status, body or ""))
    return known


def _answer(run: Run, items: Sequence[tuple[str, str, int | None, str]]) -> list[None]:
    for user, key, status, body in items:
        if status is None:
            run.change(_FORGET, user=user, mark=key)
        else:
            run.change(_ANSWER, user=user, mark=key, to_status=status, to_body=body)
    return [None] * len(items)


_ASK_WRITE, _ANSWER_WRITE = Write(_ask), Write(_answer)


class SqlIdempotencyStore(FeatureStore):
    """See gateway.ports.review.IdempotencyStore."""

    async def reserve(self, user: str, key: str, request: str) -> IdempotentAnswer | None:
        """See gateway.ports.review.IdempotencyStore."""
        return await self._writer.do(_ASK_WRITE, (user, fit(key), request))

    async def save_answer(self, user: str, key: str, status: int | None, body: str) -> None:
        """See gateway.ports.review.IdempotencyStore."""
        await self._writer.do(_ANSWER_WRITE, (user, fit(key), status, body))
