"""What senders ask about their own messages, and nudges."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import bindparam, select, update

from gateway.core.messages.followup import Followup
from gateway.core.policy.decision import AuditEntry
from gateway.ports.review import RequestKind, SenderRequest
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import followups as followup_rows
from gateway.store.messages.nudges import nudged_since
from gateway.store.schema import messages as schema
from gateway.store.schema.senders import OPEN_REQUEST, sender_requests

_q = sender_requests.c
_COLUMNS = (
    _q.message_id, _q.kind, _q.person, _q.at, _q.words, _q.other, _q.answered_by, _q.answered_at, _q.answer,
)  # fmt: skip
_LOOK = schema.lit(RequestKind.LOOK.value)
_ADD = batch_insert(sender_requests, ignore_existing=True)
_OF = Statement(lambda sql: select(*_COLUMNS).where(sql.among(_q.message_id)).order_by(_q.at, _q.kind))
_OPEN = Statement(
    lambda sql: select(*_COLUMNS).where(_q.kind == _LOOK, OPEN_REQUEST).order_by(_q.at).limit(bindparam("limit"))
)
_ANSWER = Statement(
    lambda sql: (
        update(sender_requests)
        .where(_q.message_id == bindparam("key"), _q.kind == _LOOK, _q.answered_at.is_(None))
        .values(answered_by=bindparam("by"), answered_at=bindparam("moment"), answer=bindparam("said"))
    )
)


def _read(row: Row) -> SenderRequest:
    request = SenderRequest(*row)
    return SenderRequest(request.message, RequestKind(request.kind), *row[2:])


def _ask(db: Database, items: Sequence[tuple[SenderRequest, Sequence[Followup], AuditEntry]]) -> list[bool]:
    answers = []
    for request, followups, entry in items:
        row = {
            "message_id": storable(request.message), "kind": request.kind.value, "person": storable(request.person),
            "at": db.now, "words": storable(request.words), "other": storable(request.other), "answered_by": "",
            "answered_at": db.now if request.kind is RequestKind.AGAIN else None, "answer": "",
        }  # fmt: skip
        added = db.batch(_ADD, [row]) == 1
        if added:
            followup_rows.write(db, followups)
            audit.write(db, [entry])
        answers.append(added)
    return answers


def _answer(db: Database, items: Sequence[tuple[str, str, str, Sequence[Followup], AuditEntry]]) -> list[bool]:
    answers = []
    for id_, by, words, followups, entry in items:
        done = db.change(_ANSWER, key=storable(id_), by=storable(by), moment=db.now, said=storable(words)) == 1
        if done:
            followup_rows.write(db, followups)
            audit.write(db, [entry])
        answers.append(done)
    return answers


def _of(db: Database, ids: Sequence[str]) -> dict[str, list[SenderRequest]]:
    found: dict[str, list[SenderRequest]] = {}
    for request in map(_read, db.rows(_OF, ids=list(ids))):
        found.setdefault(request.message, []).append(request)
    return found


_ASK_WRITE, _ANSWER_WRITE = Write(_ask), Write(_answer)


class SqlSenderStore(FeatureStore):
    """See gateway.ports.review.SenderStore."""

    async def ask(self, request: SenderRequest, followups: Sequence[Followup], entry: AuditEntry) -> bool:
        """See gateway.ports.review.SenderStore."""
        return await self._writer.write(_ASK_WRITE, (request, followups, entry))

    async def answer(
        self, message_id: str, by: str, words: str, followups: Sequence[Followup], entry: AuditEntry
    ) -> bool:  # fmt: skip
        """See gateway.ports.review.SenderStore."""
        return await self._writer.write(_ANSWER_WRITE, (message_id, by, words, followups, entry))

    async def of(self, message_ids: Collection[str]) -> Mapping[str, Sequence[SenderRequest]]:
        """See gateway.ports.review.SenderStore."""
        ids = sorted({storable(id_) for id_ in message_ids})
        return await self._readers.read(lambda db: _of(db, ids)) if ids else {}

    async def open_looks(self, limit: int) -> Sequence[SenderRequest]:
        """See gateway.ports.review.SenderStore."""
        return await self._readers.read(lambda db: [_read(row) for row in db.rows(_OPEN, limit=limit)])

    async def nudged_since(self, since: float) -> Collection[str]:
        """See gateway.ports.review.SenderStore."""
        return await self._readers.read(lambda db: nudged_since(db, since))
