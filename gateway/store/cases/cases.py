"""Cases, the messages that they name, and legal holds: each change with its entries of the audit log."""

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
from gateway.store.engine.columns import fit
from gateway.store.engine.dialects import Row, Run, Statement, insert_each
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import followups
from gateway.store.review.lookups import MOST_TRACES, by_message, read_trace, traces
from gateway.store.schema import messages as schema

_c, _m = schema.cases.c, schema.case_messages.c
_CASE = (
    _c.id, _c.title, _c.severity, _c.assignee, _c.due_at, _c.opened_by, _c.opened_at, _c.changed_at, _c.outcome,
    _c.closed_by, _c.closed_at,
)  # fmt: skip
_TIME: Double[float] = Double()


def _listed(closed: bool) -> Statement:
    return Statement(
        lambda of: (
            select(*_CASE)
            .where(
                _c.id < bindparam("before"),
                _c.outcome != schema.lit("") if closed else _c.outcome == schema.lit(""),
            )
            .order_by(_c.id.desc())
            .limit(bindparam("limit"))
        )
    )


_OPEN_CASES, _CLOSED_CASES = _listed(closed=False), _listed(closed=True)
_DUE = Statement(
    lambda of: (
        select(*_CASE)
        .where(_c.outcome == schema.lit(""), _c.due_at < bindparam("before", type_=_TIME))
        .order_by(_c.due_at.desc(), _c.id)
        .limit(bindparam("limit"))
    )
)
_BY_ID = Statement(lambda of: select(*_CASE).where(_c.id == bindparam("key")))
_LOCK = Statement(lambda of: select(_c.outcome).where(_c.id == bindparam("key")).with_for_update())
_OF_MESSAGE = Statement(
    lambda of: (
        select(*_CASE)
        .join_from(schema.cases, schema.case_messages, _m.case_id == _c.id)
        .where(_m.message_id == bindparam("key"))
        .order_by(_c.id)
    )
)
_MESSAGES = Statement(
    lambda of: select(_m.case_id, _m.message_id).where(of.among(_m.case_id)).order_by(_m.case_id, _m.message_id)
)
_OPEN = Statement(
    lambda of: of.insert(schema.cases)
    .values(
        title=bindparam("title"), severity=bindparam("severity"), assignee=bindparam("assignee"),
        due_at=bindparam("due_at", type_=_TIME), opened_by=bindparam("by"), opened_at=bindparam("now"),
        changed_at=bindparam("now"), outcome=schema.lit(""), closed_by=schema.lit(""), closed_at=null(),
    )
    .returning(_c.id)
)  # fmt: skip
_CHANGE = Statement(
    lambda of: (
        update(schema.cases)
        .where(_c.id == bindparam("key"), _c.outcome == schema.lit(""))
        .values(
            title=bindparam("to_title"), severity=bindparam("to_severity"), assignee=bindparam("to_assignee"),
            due_at=bindparam("to_due", type_=_TIME), changed_at=bindparam("now"),
        )
    )
)  # fmt: skip
_END = Statement(
    lambda of: (
        update(schema.cases)
        .where(_c.id == bindparam("key"), _c.outcome != bindparam("to_outcome"))
        .values(
            outcome=bindparam("to_outcome"), closed_by=bindparam("to_by"), closed_at=bindparam("to_at", type_=_TIME),
            changed_at=bindparam("now"),
        )
    )
)  # fmt: skip
_TOUCH = Statement(lambda of: update(schema.cases).where(_c.id == bindparam("key")).values(changed_at=bindparam("now")))
_ADD = insert_each(schema.case_messages, again=True)
_TAKE = Statement(
    lambda of: delete(schema.case_messages).where(_m.case_id == bindparam("key"), _m.message_id == bindparam("message"))
)


_TRACED = Statement(lambda of: traces(select(schema.messages.c.id).where(of.among(schema.messages.c.id))))


def _named(run: Run, ids: Sequence[str]) -> dict[str, Trace]:
    found: dict[str, Trace] = {}
    for at in range(0, len(ids), MOST_TRACES):
        for group in by_message(run.rows(_TRACED, ids=list(ids[at : at + MOST_TRACES]))):
            found[group[0][0]] = read_trace(group)
    return found


def _files(run: Run, rows: Sequence[Row]) -> list[CaseFile]:
    named: dict[int, list[str]] = {}
    for case_id, message in run.rows(_MESSAGES, ids=[row[0] for row in rows]) if rows else ():
        named.setdefault(case_id, []).append(message)
    return [replace(CaseFile(*row), messages=tuple(named.get(row[0], ()))) for row in rows]


def _open(run: Run, items: Sequence[tuple[CaseDraft, str, Sequence[str], Mapping[str, object], str]]) -> list[int]:
    made = []
    for draft, by, messages, detail, to in items:
        ((id_,),) = run.rows(
            _OPEN, title=fit(draft.title), severity=draft.severity, assignee=draft.assignee, due_at=draft.due_at,
            by=by, now=run.now,
        )  # fmt: skip
        _name(run, id_, messages, by)
        acts = [AuditEntry(run.now, by, "case opened", case_subject(id_), {**detail, "messages": list(messages)})]
        acts += [AuditEntry(run.now, by, "put into a case", message, {"case": id_}) for message in messages]
        audit.write(run, acts)
        _tell(run, int(id_), draft, to)
        made.append(int(id_))
    return made


def _tell(run: Run, case_id: int, draft: CaseDraft, to: str) -> None:
    """Whoever has a case from now on is told."""
    if to:
        due = None if draft.due_at is None else rfc3339(draft.due_at)
        body = {"to": [to], "at": rfc3339(run.now), "case": case_id, "due_at": due}
        followups.write(run, [Followup(FollowupKind.CASE, case_subject(case_id), body)])


def _name(run: Run, case_id: int, messages: Sequence[str], by: str) -> tuple[str, ...]:
    return tuple(
        message
        for message in dict.fromkeys(messages)
        if run.each(_ADD, [{"message_id": message, "case_id": case_id, "added_by": by, "added_at": run.now}]) == 1
    )


def _change(run: Run, items: Sequence[tuple[int, CaseDraft, AuditEntry, str]]) -> list[bool]:
    done = []
    for case_id, draft, act, to in items:
        changed = run.change(
            _CHANGE, key=case_id, to_title=fit(draft.title), to_severity=draft.severity, to_assignee=draft.assignee,
            to_due=draft.due_at, now=run.now,
        )  # fmt: skip
        done.append(changed == 1)
        audit.write(run, [act] * done[-1])
        if done[-1]:
            _tell(run, case_id, draft, to)
    return done


def _add(run: Run, items: Sequence[tuple[int, Sequence[str], str, Sequence[AuditEntry]]]) -> list[tuple[str, ...]]:
    added = []
    for case_id, messages, by, acts in items:
        new = _name(run, case_id, messages, by) if _is_open(run, case_id) else ()
        _written(run, case_id, new, acts)
        added.append(new)
    return added


def _is_open(run: Run, case_id: int) -> bool:
    rows = run.rows(_LOCK, key=case_id)
    return bool(rows) and rows[0][0] == ""


def _written(run: Run, case_id: int, messages: Sequence[str], acts: Sequence[AuditEntry]) -> None:
    """The acts about the messages that changed, and one of the case itself."""
    if messages:
        run.change(_TOUCH, key=case_id, now=run.now)
        audit.write(run, [act for act in acts if act.subject in (*messages, case_subject(case_id))])


def _take(run: Run, items: Sequence[tuple[int, str, Sequence[AuditEntry]]]) -> list[bool]:
    done = []
    for case_id, message, acts in items:
        gone = _is_open(run, case_id) and run.change(_TAKE, key=case_id, message=message) == 1
        _written(run, case_id, [message] * gone, acts)
        done.append(gone)
    return done


def _end(run: Run, items: Sequence[tuple[int, str, str, AuditEntry]]) -> list[bool]:
    done = []
    for case_id, outcome, by, act in items:
        at = run.now if outcome else None
        changed = run.change(
            _END, key=case_id, to_outcome=outcome, to_by=by if outcome else "", to_at=at, now=run.now
        )  # fmt: skip
        done.append(changed == 1)
        audit.write(run, [act] * done[-1])
    return done


_OPEN_WRITE, _CHANGE_WRITE, _ADD_WRITE, _TAKE_WRITE = Write(_open), Write(_change), Write(_add), Write(_take)
_END_WRITE = Write(_end)


class SqlCaseStore(FeatureStore):
    """See gateway.ports.cases.CaseStore."""

    async def open(
        self, draft: CaseDraft, by: str, messages: Sequence[str], detail: Mapping[str, object], to: str = ""
    ) -> int:
        """See gateway.ports.cases.CaseStore."""
        return await self._writer.do(_OPEN_WRITE, (draft, by, messages, detail, to))

    async def find(self, case_id: int) -> CaseFile | None:
        """See gateway.ports.cases.CaseStore."""
        found = await self._readers.read(lambda run: _files(run, run.rows(_BY_ID, key=case_id)))
        return found[0] if found else None

    async def page(self, *, closed: bool, before: int, limit: int) -> Sequence[CaseFile]:
        """See gateway.ports.cases.CaseStore."""
        listed = _CLOSED_CASES if closed else _OPEN_CASES
        return await self._readers.read(lambda run: _files(run, run.rows(listed, before=before, limit=limit)))

    async def due_before(self, before: float, limit: int) -> Sequence[CaseFile]:
        """See gateway.ports.cases.CaseStore."""
        return await self._readers.read(lambda run: _files(run, run.rows(_DUE, before=before, limit=limit)))

    async def traces(self, message_ids: Collection[str]) -> Mapping[str, Trace]:
        """See gateway.ports.cases.CaseStore."""
        ids = sorted({fit(each) for each in message_ids})
        return await self._readers.read(lambda run: _named(run, ids)) if ids else {}

    async def of_message(self, message_id: str) -> Sequence[CaseFile]:
        """See gateway.ports.cases.CaseStore."""
        return await self._readers.read(lambda run: _files(run, run.rows(_OF_MESSAGE, key=fit(message_id))))

    async def change(self, case_id: int, draft: CaseDraft, act: AuditEntry, to: str = "") -> bool:
        """See gateway.ports.cases.CaseStore."""
        return await self._writer.do(_CHANGE_WRITE, (case_id, draft, act, to))

    async def add_messages(
        self, case_id: int, messages: Sequence[str], by: str, acts: Sequence[AuditEntry]
    ) -> tuple[str, ...]:
        """See gateway.ports.cases.CaseStore."""
        return await self._writer.do(_ADD_WRITE, (case_id, messages, by, acts))

    async def remove_message(self, case_id: int, message_id: str, acts: Sequence[AuditEntry]) -> bool:
        """See gateway.ports.cases.CaseStore."""
        return await self._writer.do(_TAKE_WRITE, (case_id, fit(message_id), acts))

    async def set_outcome(self, case_id: int, outcome: str, by: str, act: AuditEntry) -> bool:
        """See gateway.ports.cases.CaseStore."""
        return await self._writer.do(_END_WRITE, (case_id, outcome, by, act))
