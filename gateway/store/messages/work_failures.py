"""The account of work items that failed in an unforeseen way, and when their own tables make them due again.

The rows are few, and nothing on the way of a message reads them: an item that succeeds at once has none. A stuck item
is not due in its own table, so it is in nobody's way.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Double,
    Text,
    bindparam,
    cast,
    delete,
    exists,
    null,
    select,
)
from sqlalchemy import update as update_rows

from gateway.core.messages.work import FailedDecision, WorkItem, WorkStage, retry_delay
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.media import media
from gateway.store.schema.work import work_failures

NEVER = 253402300800.0
"""The year 10000: the due time of a stuck follow-up, whose column cannot be null."""
MAX_ERROR = 200
"""Characters of an error that are kept."""

_w = work_failures.c
_r, _p, _f, _m, _t = schema.recipients.c, schema.publications.c, schema.followups.c, media.c, schema.text_turns.c
_id, _part = bindparam("id", type_=schema.TEXT), bindparam("part", type_=BigInteger())
_until: BindParameter[float] = bindparam("until", type_=Double())
_of_item = (_w.stage == bindparam("stage"), _w.item == bindparam("item"))

_LOCK_CLAIMED = Statement(
    lambda sql: (
        select(_r.position)
        .where(_r.message_id == _id, _r.position == _part, _r.token == bindparam("mark"))
        .with_for_update()
    )
)
_FAILURES = Statement(lambda sql: select(_w.failures, _w.body).where(*_of_item).with_for_update())
_PUT = Statement(
    lambda sql: (insert := sql.insert(work_failures)).on_conflict_do_update(
        index_elements=[_w.stage, _w.item],
        set_={name: insert.excluded[name] for name in ("failures", "error", "at", "due_at", "stuck", "body")},
    )
)
_POSTPONE: Mapping[WorkStage, Statement] = {
    stage: Statement(lambda sql, change=change: change)  # type: ignore[misc]
    for stage, change in {
        WorkStage.PUBLICATION: update_rows(schema.publications).where(_p.message_id == _id).values(publish_at=_until),
        WorkStage.DELIVERY: (
            update_rows(schema.recipients)
            .where(_r.message_id == _id, _r.position == _part)
            .values(next_attempt_at=_until, token=null(), attempts=_r.attempts + schema.lit(1))
        ),
        WorkStage.NOTIFICATION: update_rows(schema.followups).where(_f.id == _part).values(due_at=_until),
        WorkStage.MEDIA: (
            update_rows(media)
            .where(_m.message_id == _id, _m.number == _part, _m.fetch_at.is_not(null()))
            .values(fetch_at=_until)
        ),
    }.items()
}
"""Sets when an item is due in its own table. Decisions have no other table than the account itself."""
_SET_TURNS = Statement(
    lambda sql: (
        update_rows(schema.text_turns)
        .where(_t.message_id == _id, (_t.position == _part) | (_part < schema.lit(0)))
        .values(waiting=schema.lit(0))
    )
)
_FORGET = Statement(
    lambda sql: delete(work_failures).where(_w.stage == bindparam("stage"), sql.among(_w.item, "items"))
)
_DUE_DECISIONS = Statement(
    lambda sql: (
        select(_w.item, _w.body)
        .where(_w.stage == schema.lit(WorkStage.DISPOSITION), _w.due_at <= bindparam("now"))
        .order_by(_w.due_at)
        .limit(bindparam("limit"))
    )
)
_STUCK = Statement(lambda sql: select(_w.stage).where(_w.stuck == schema.lit(1)))


def joined(id_: ColumnElement[str], part: ColumnElement[int]) -> ColumnElement[str]:
    """The id of the work item of a row: its message, and a number within it."""
    return id_.concat(schema.lit("/")).concat(cast(part, Text))


def _finished() -> ColumnElement[bool]:
    """Whether the item of an account does not wait anymore."""
    unfinished = {
        WorkStage.PUBLICATION: exists().where(_p.message_id == _w.message_id),
        WorkStage.DISPOSITION: exists().where(schema.contents.c.message_id == _w.message_id)
        & ~exists().where(schema.verdicts.c.message_id == _w.message_id),
        WorkStage.DELIVERY: exists().where(
            _r.message_id == _w.message_id,
            _r.state == schema.lit("queued"),
            joined(_r.message_id, _r.position) == _w.item,
        ),
        WorkStage.NOTIFICATION: exists().where(cast(_f.id, Text) == _w.item),
        WorkStage.MEDIA: exists().where(
            _m.message_id == _w.message_id,
            _m.failed != schema.lit(""),
            joined(_m.message_id, _m.number) == _w.item,
        ),
    }
    waits = [(_w.stage == schema.lit(stage)) & condition for stage, condition in unfinished.items()]
    known = [schema.lit(stage) for stage in WorkStage]  # accounts of a newer version's stages stay
    any_waits = waits[0]
    for condition in waits[1:]:
        any_waits = any_waits | condition
    return _w.stage.in_(known) & ~any_waits


_FINISHED = Statement(lambda sql: select(_w.stage, _w.item).where(_finished()).limit(bindparam("limit")))


@dataclass(frozen=True, slots=True)
class _Failure:
    items: Sequence[WorkItem]
    error: str
    stuck_after: int


def place_of(item: WorkItem) -> dict[str, object]:
    """The key of an item in its own table: the message, and a number within it or of its own."""
    id_, separator, part = item.id.rpartition("/")
    if item.stage is WorkStage.NOTIFICATION:
        return {"id": "", "part": int(part)}
    return {"id": id_, "part": int(part)} if separator else {"id": item.id, "part": -1}


def due_column(db: Database, item: WorkItem, at: float | None) -> None:
    """Set when an item is due in its own table; None: not until it is retried."""
    if item.stage is WorkStage.NOTIFICATION and at is None:
        at = NEVER
    if (statement := _POSTPONE.get(item.stage)) is not None:
        db.change(statement, **place_of(item), until=at)


def forget(db: Database, stage: WorkStage, items: Sequence[str]) -> None:
    """Delete the accounts of items that are done."""
    if items:
        db.change(_FORGET, stage=stage.value, items=sorted(items))


def _record(db: Database, items: Sequence[_Failure]) -> list[list[bool]]:
    return [[_record_one(db, item, failure) for item in failure.items] for failure in items]


def _record_one(db: Database, item: WorkItem, failure: _Failure) -> bool:
    if item.token and not db.rows(_LOCK_CLAIMED, **place_of(item), mark=item.token.rpartition("/")[2]):
        return False  # the claim was lost: another process has the item
    before = db.rows(_FAILURES, stage=item.stage.value, item=item.id)
    failures, body = before[0] if before else (0, "")
    failures += 1
    is_stuck = bool(failures >= failure.stuck_after)
    due = None if is_stuck else db.now + retry_delay(failures)
    db.change(
        _PUT, stage=item.stage.value, item=item.id, message_id=item.message, failures=failures,
        error=storable(failure.error[:MAX_ERROR]), at=db.now, due_at=due, stuck=int(is_stuck), body=item.body or body,
    )  # fmt: skip
    due_column(db, item, due)
    if is_stuck and item.stage in (WorkStage.DELIVERY, WorkStage.DISPOSITION):
        db.change(_SET_TURNS, **place_of(item))  # later texts of its conversation do not wait for it
    return is_stuck


def keep_outcomes(db: Database, items: Sequence[WorkItem]) -> None:
    """Keep outcomes that an earlier process has not recorded with their items, unless their claims have ended.

    The deliveries are due again soon: they are not made again then, but recorded.
    """
    for item in items:
        _record_one(db, item, _Failure((item,), "the process ended before this was recorded", sys.maxsize))


def _forget(db: Database, items: Sequence[Sequence[WorkItem]]) -> list[None]:
    for stage in WorkStage:
        forget(db, stage, [item.id for group in items for item in group if item.stage is stage])
    return [None] * len(items)


def _delete_finished(db: Database, items: Sequence[int]) -> list[int]:
    answers = []
    for limit in items:
        rows = db.rows(_FINISHED, limit=limit)
        for stage in WorkStage:
            forget(db, stage, [item for of, item in rows if of == stage])
        answers.append(len(rows))
    return answers


_RECORD_WRITE = Write(_record, rank=1)
_FORGET_WRITE = Write(_forget, rank=2)
_DELETE_WRITE = Write(_delete_finished, rank=2)


class SqlWorkFailureStore(FeatureStore):
    """See gateway.ports.work.WorkFailureStore."""

    async def record(self, items: Sequence[WorkItem], error: str, stuck_after: int) -> Sequence[bool]:
        """See gateway.ports.work.WorkFailureStore."""
        return await self._writer.write(_RECORD_WRITE, _Failure(items, error, stuck_after))

    async def forget(self, items: Sequence[WorkItem]) -> None:
        """See gateway.ports.work.WorkFailureStore."""
        await self._writer.write(_FORGET_WRITE, items)

    async def due_decisions(self, limit: int) -> Sequence[FailedDecision]:
        """See gateway.ports.work.WorkFailureStore."""
        rows = await self._readers.read(lambda db: db.rows(_DUE_DECISIONS, now=db.now, limit=limit))
        return [FailedDecision(id_, verdict) for id_, verdict in rows]

    async def stuck_items(self) -> Mapping[str, int]:
        """See gateway.ports.work.WorkFailureStore."""
        rows = await self._readers.read(lambda db: db.rows(_STUCK))
        counts: dict[str, int] = dict.fromkeys(WorkStage, 0)
        for (stage,) in rows:
            counts[stage] = counts.get(stage, 0) + 1
        return counts

    async def delete_finished(self, limit: int) -> int:
        """See gateway.ports.work.WorkFailureStore."""
        return await self._writer.write(_DELETE_WRITE, limit)
