"""Cases and the messages that they name. Each change adds its audit entries in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Double, bindparam, delete, null, select, update

from gateway.core.cases.case import CaseDraft, CaseFile, case_subject
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import Trace
from gateway.core.serialization.json_fields import rfc3339
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import followups
from gateway.store.review.lookups import MAX_TRACES, group_by_message, read_trace, traces
from gateway.store.schema import cases as case_tables
from gateway.store.schema import messages as schema

_c, _m = case_tables.cases.c, case_tables.case_messages.c
_CASE = (
    _c.id, _c.title, _c.severity, _c.assignee, _c.due_at, _c.opened_by, _c.opened_at, _c.changed_at, _c.outcome,
    _c.closed_by, _c.closed_at,
)  # fmt: skip
_TIME: Double[float] = Double()


def _page(closed: bool) -> Statement:
    return Statement(
        lambda sql: (
            select(*_CASE)
            .where(
                _c.id < bindparam("before"),
                _c.outcome != schema.lit("") if closed else _c.outcome == schema.lit(""),
            )
            .order_by(_c.id.desc())
            .limit(bindparam("limit"))
        )
    )


_OPEN_CASES, _CLOSED_CASES = _page(closed=False), _page(closed=True)
_DUE = Statement(
    lambda sql: (
        select(*_CASE)
        .where(_c.outcome == schema.lit(""), _c.due_at < bindparam("before", type_=_TIME))
        .order_by(_c.due_at.desc(), _c.id)
        .limit(bindparam("limit"))
    )
)
_BY_ID = Statement(lambda sql: select(*_CASE).where(_c.id == bindparam("key")))
_LOCK = Statement(lambda sql: select(_c.outcome).where(_c.id == bindparam("key")).with_for_update())
_OF_MESSAGE = Statement(
    lambda sql: (
        select(*_CASE)
        .join_from(case_tables.cases, case_tables.case_messages, _m.case_id == _c.id)
        .where(_m.message_id == bindparam("key"))
        .order_by(_c.id)
    )
)
_MESSAGES = Statement(
    lambda sql: select(_m.case_id, _m.message_id).where(sql.among(_m.case_id)).order_by(_m.case_id, _m.message_id)
)
_OPEN = Statement(
    lambda sql: sql.insert(case_tables.cases)
    .values(
        title=bindparam("title"), severity=bindparam("severity"), assignee=bindparam("assignee"),
        due_at=bindparam("due_at", type_=_TIME), opened_by=bindparam("by"), opened_at=bindparam("now"),
        changed_at=bindparam("now"), outcome=schema.lit(""), closed_by=schema.lit(""), closed_at=null(),
    )
    .returning(_c.id)
)  # fmt: skip
_CHANGE = Statement(
    lambda sql: (
        update(case_tables.cases)
        .where(_c.id == bindparam("key"), _c.outcome == schema.lit(""))
        .values(
            title=bindparam("to_title"), severity=bindparam("to_severity"), assignee=bindparam("to_assignee"),
            due_at=bindparam("to_due", type_=_TIME), changed_at=bindparam("now"),
        )
    )
)  # fmt: skip
_SET_OUTCOME = Statement(
    lambda sql: (
        update(case_tables.cases)
        .where(_c.id == bindparam("key"), _c.outcome != bindparam("to_outcome"))
        .values(
            outcome=bindparam("to_outcome"), closed_by=bindparam("to_by"), closed_at=bindparam("to_at", type_=_TIME),
            changed_at=bindparam("now"),
        )
    )
)  # fmt: skip
_TOUCH = Statement(
    lambda sql: update(case_tables.cases).where(_c.id == bindparam("key")).values(changed_at=bindparam("now"))
)
_ADD = batch_insert(case_tables.case_messages, ignore_existing=True)
_REMOVE = Statement(
    lambda sql: delete(case_tables.case_messages).where(
        _m.case_id == bindparam("key"), _m.message_id == bindparam("message")
    )
)


_TRACES = Statement(lambda sql: traces(select(schema.messages.c.id).where(sql.among(schema.messages.c.id))))


def _traces(db: Database, ids: Sequence[str]) -> dict[str, Trace]:
    files: dict[str, Trace] = {}
    for at in range(0, len(ids), MAX_TRACES):
        for group in group_by_message(db.rows(_TRACES, ids=list(ids[at : at + MAX_TRACES]))):
            files[group[0][0]] = read_trace(group)
    return files


def _read_cases(db: Database, rows: Sequence[Row]) -> list[CaseFile]:
    messages_of: dict[int, list[str]] = {}
    for case_id, message in db.rows(_MESSAGES, ids=[row[0] for row in rows]) if rows else ():
        messages_of.setdefault(case_id, []).append(message)
    return [replace(CaseFile(*row), messages=tuple(messages_of.get(row[0], ()))) for row in rows]


def _open(db: Database, items: Sequence[tuple[CaseDraft, str, Sequence[str], Mapping[str, object], str]]) -> list[int]:
    numbers = []
    for draft, by, messages, detail, to in items:
        ((id_,),) = db.rows(
            _OPEN, title=storable(draft.title), severity=draft.severity, assignee=draft.assignee, due_at=draft.due_at,
            by=by, now=db.now,
        )  # fmt: skip
        _add_new(db, id_, messages, by)
        entries = [AuditEntry(db.now, by, "case opened", case_subject(id_), {**detail, "messages": list(messages)})]
        entries += [AuditEntry(db.now, by, "put into a case", message, {"case": id_}) for message in messages]
        audit.write(db, entries)
        _notify(db, int(id_), draft, to)
        numbers.append(int(id_))
    return numbers


def _notify(db: Database, case_id: int, draft: CaseDraft, to: str) -> None:
    """Notify the new assignee of a case."""
    if to:
        due = None if draft.due_at is None else rfc3339(draft.due_at)
        body = {"to": [to], "at": rfc3339(db.now), "case": case_id, "due_at": due}
        followups.write(db, [Followup(FollowupKind.CASE, case_subject(case_id), body)])


def _add_new(db: Database, case_id: int, messages: Sequence[str], by: str) -> tuple[str, ...]:
    return tuple(
        message
        for message in dict.fromkeys(messages)
        if db.batch(_ADD, [{"message_id": message, "case_id": case_id, "added_by": by, "added_at": db.now}]) == 1
    )


def _change(db: Database, items: Sequence[tuple[int, CaseDraft, AuditEntry, str]]) -> list[bool]:
    done = []
    for case_id, draft, entry, to in items:
        changed = db.change(
            _CHANGE, key=case_id, to_title=storable(draft.title), to_severity=draft.severity,
            to_assignee=draft.assignee, to_due=draft.due_at, now=db.now,
        )  # fmt: skip
        done.append(changed == 1)
        audit.write(db, [entry] * done[-1])
        if done[-1]:
            _notify(db, case_id, draft, to)
    return done


def _add(db: Database, items: Sequence[tuple[int, Sequence[str], str, Sequence[AuditEntry]]]) -> list[tuple[str, ...]]:
    added = []
    for case_id, messages, by, entries in items:
        new = _add_new(db, case_id, messages, by) if _is_open(db, case_id) else ()
        _record_change(db, case_id, new, entries)
        added.append(new)
    return added


def _is_open(db: Database, case_id: int) -> bool:
    rows = db.rows(_LOCK, key=case_id)
    return bool(rows) and rows[0][0] == ""


def _record_change(db: Database, case_id: int, messages: Sequence[str], entries: Sequence[AuditEntry]) -> None:
    """Write the entries about the case and about the messages that changed."""
    if messages:
        db.change(_TOUCH, key=case_id, now=db.now)
        audit.write(db, [entry for entry in entries if entry.subject in (*messages, case_subject(case_id))])


def _remove(db: Database, items: Sequence[tuple[int, str, Sequence[AuditEntry]]]) -> list[bool]:
    done = []
    for case_id, message, entries in items:
        removed = _is_open(db, case_id) and db.change(_REMOVE, key=case_id, message=message) == 1
        _record_change(db, case_id, [message] * removed, entries)
        done.append(removed)
    return done


def _set_outcome(db: Database, items: Sequence[tuple[int, str, str, AuditEntry]]) -> list[bool]:
    done = []
    for case_id, outcome, by, entry in items:
        at = db.now if outcome else None
        changed = db.change(
            _SET_OUTCOME, key=case_id, to_outcome=outcome, to_by=by if outcome else "", to_at=at, now=db.now
        )  # fmt: skip
        done.append(changed == 1)
        audit.write(db, [entry] * done[-1])
    return done


_OPEN_WRITE, _CHANGE_WRITE, _ADD_WRITE, _REMOVE_WRITE = Write(_open), Write(_change), Write(_add), Write(_remove)
_SET_OUTCOME_WRITE = Write(_set_outcome)


class SqlCaseStore(FeatureStore):
    """See gateway.ports.cases.CaseStore."""

    async def open(
        self, draft: CaseDraft, by: str, messages: Sequence[str], detail: Mapping[str, object], to: str = ""
    ) -> int:
        """See gateway.ports.cases.CaseStore."""
        return await self._writer.write(_OPEN_WRITE, (draft, by, messages, detail, to))

    async def find(self, case_id: int) -> CaseFile | None:
        """See gateway.ports.cases.CaseStore."""
        files = await self._readers.read(lambda db: _read_cases(db, db.rows(_BY_ID, key=case_id)))
        return files[0] if files else None

    async def page(self, *, closed: bool, before: int, limit: int) -> Sequence[CaseFile]:
        """See gateway.ports.cases.CaseStore."""
        page = _CLOSED_CASES if closed else _OPEN_CASES
        return await self._readers.read(lambda db: _read_cases(db, db.rows(page, before=before, limit=limit)))

    async def due_before(self, before: float, limit: int) -> Sequence[CaseFile]:
        """See gateway.ports.cases.CaseStore."""
        return await self._readers.read(lambda db: _read_cases(db, db.rows(_DUE, before=before, limit=limit)))

    async def traces(self, message_ids: Collection[str]) -> Mapping[str, Trace]:
        """See gateway.ports.cases.CaseStore."""
        ids = sorted({storable(id_) for id_ in message_ids})
        return await self._readers.read(lambda db: _traces(db, ids)) if ids else {}

    async def of_message(self, message_id: str) -> Sequence[CaseFile]:
        """See gateway.ports.cases.CaseStore."""
        return await self._readers.read(lambda db: _read_cases(db, db.rows(_OF_MESSAGE, key=storable(message_id))))

    async def change(self, case_id: int, draft: CaseDraft, entry: AuditEntry, to: str = "") -> bool:
        """See gateway.ports.cases.CaseStore."""
        return await self._writer.write(_CHANGE_WRITE, (case_id, draft, entry, to))

    async def add_messages(
        self, case_id: int, messages: Sequence[str], by: str, entries: Sequence[AuditEntry]
    ) -> tuple[str, ...]:
        """See gateway.ports.cases.CaseStore."""
        return await self._writer.write(_ADD_WRITE, (case_id, messages, by, entries))

    async def remove_message(self, case_id: int, message_id: str, entries: Sequence[AuditEntry]) -> bool:
        """See gateway.ports.cases.CaseStore."""
        return await self._writer.write(_REMOVE_WRITE, (case_id, storable(message_id), entries))

    async def set_outcome(self, case_id: int, outcome: str, by: str, entry: AuditEntry) -> bool:
        """See gateway.ports.cases.CaseStore."""
        return await self._writer.write(_SET_OUTCOME_WRITE, (case_id, outcome, by, entry))
