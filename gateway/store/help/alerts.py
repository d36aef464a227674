"""Help alerts: acknowledgments, kinds of help, and judgments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, delete, exists, func, or_, select, update

from gateway.core.messages.verdict import HELP, PLACES
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import ListedMessage
from gateway.store.audit import audit
from gateway.store.engine.columns import decode_verdict_text, storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.review.lists import read_listed
from gateway.store.schema import messages as schema
from gateway.store.schema.help import acknowledgements, alert_judgments

_r, _k, _v, _j = schema.recipients.c, acknowledgements.c, schema.verdicts.c, alert_judgments.c
_c = schema.contents.c
_IS_ALERT = (_r.marked == schema.lit(1), _r.action == schema.lit("alert"))


def is_unacknowledged(message_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a message is a help alert that nobody has acknowledged."""
    return exists().where(_r.message_id == message_id, *_IS_ALERT) & ~exists().where(_k.message_id == message_id)


def is_forgotten(message_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether content and verdict of a message are both deleted."""
    return ~exists().where(_c.message_id == message_id) & ~exists().where(_v.message_id == message_id)


_MARK = Statement(
    lambda sql: select(
        select(func.max(_r.decided_at)).where(*_IS_ALERT).scalar_subquery(),
        select(func.count()).select_from(schema.recipients).where(*_IS_ALERT).scalar_subquery(),
        select(func.max(_k.at)).scalar_subquery(),
        select(func.count()).select_from(acknowledgements).scalar_subquery(),
    )
)
_WAITING = Statement(
    lambda sql: (
        select(_r.message_id)
        .where(*_IS_ALERT, ~exists().where(_k.message_id == _r.message_id), ~is_forgotten(_r.message_id))
        .order_by(_r.decided_at)
        .limit(bindparam("limit"))
    )
)
_UNACKNOWLEDGED = Statement(
    lambda sql: select(func.count(_r.message_id.distinct()), func.min(_r.decided_at)).where(
        *_IS_ALERT, ~exists().where(_k.message_id == _r.message_id), ~is_forgotten(_r.message_id)
    )
)
_ACKNOWLEDGE = batch_insert(acknowledgements, ignore_existing=True)
_ACKNOWLEDGED_BY = Statement(lambda sql: select(_k.user_name, _k.at).where(_k.message_id == bindparam("key")))
_GIVE_BACK = Statement(
    lambda sql: delete(acknowledgements).where(
        _k.message_id == bindparam("key"), or_(_k.user_name == bindparam("by"), bindparam("anybody") == schema.lit(1))
    )
)

_VERDICTS = Statement(lambda sql: select(_v.message_id, _v.verdict).where(sql.among(_v.message_id)))
_JUDGMENTS = Statement(
    lambda sql: (
        select(_j.message_id, _j.was_one)
        .where(_j.message_id > bindparam("after"))
        .order_by(_j.message_id)
        .limit(bindparam("limit"))
    )
)
_INSERT_JUDGMENT = batch_insert(alert_judgments, ignore_existing=True)
_CHANGE_JUDGMENT = Statement(
    lambda sql: update(alert_judgments).where(_j.message_id == bindparam("key")).values(was_one=bindparam("was"))
)


def _acknowledge(db: Database, items: Sequence[tuple[str, str, AuditEntry]]) -> list[str | None]:
    answers: list[str | None] = []
    for id_, name, entry in items:
        if db.batch(_ACKNOWLEDGE, [{"message_id": id_, "user_name": name, "at": db.now}]) == 1:
            audit.write(db, [entry])
            answers.append(None)
        else:
            answers.append(str(db.rows(_ACKNOWLEDGED_BY, key=id_)[0][0]))
    return answers


def _give_back(db: Database, items: Sequence[tuple[str, str | None, AuditEntry]]) -> list[bool]:
    done = []
    for id_, name, entry in items:
        done.append(db.change(_GIVE_BACK, key=id_, by=name or "", anybody=int(name is None)) == 1)
        audit.write(db, [entry] * done[-1])
    return done


def waiting_alerts(db: Database) -> tuple[int, float]:
    """How many alerts nobody has acknowledged, and for how many seconds the oldest has waited."""
    ((count, since),) = db.rows(_UNACKNOWLEDGED)
    return count, 0.0 if since is None else max(db.now - since, 0.0)


def _kinds_of(db: Database, ids: Sequence[str]) -> dict[str, Sequence[str]]:
    rows = db.rows(_VERDICTS, ids=ids) if ids else []
    return {str(id_): _kinds(str(text)) for id_, text in rows}


def _kinds(text: str) -> tuple[str, ...]:
    findings = [
        finding
        for finding in decode_verdict_text(text).findings
        if finding.clause == HELP and finding.cue not in ("", *PLACES)
    ]
    return tuple(dict.fromkeys(finding.cue for finding in sorted(findings, key=lambda finding: -finding.score)))


def _save_judgment(db: Database, items: Sequence[tuple[str, bool, AuditEntry]]) -> list[None]:
    for id_, right, entry in items:
        if not db.batch(_INSERT_JUDGMENT, [{"message_id": id_, "was_one": int(right)}]):
            db.change(_CHANGE_JUDGMENT, key=id_, was=int(right))
        audit.write(db, [entry])
    return [None] * len(items)


_ACKNOWLEDGE_WRITE, _GIVE_BACK_WRITE, _SAVE_JUDGMENT_WRITE = (
    Write(_acknowledge),
    Write(_give_back),
    Write(_save_judgment),
)


class SqlHelpAlertStore(FeatureStore):
    """See gateway.ports.help.HelpAlertStore."""

    async def mark(self) -> object:
        """See gateway.ports.help.HelpAlertStore."""
        return await self._readers.read(lambda db: tuple(db.rows(_MARK)[0]))

    async def waiting(self, limit: int) -> Sequence[ListedMessage]:
        """See gateway.ports.help.HelpAlertStore."""

        def read(db: Database) -> list[ListedMessage]:
            alerts = read_listed(db, [row[0] for row in db.rows(_WAITING, limit=limit)])
            return sorted(alerts, key=lambda alert: alert.decided_at)

        return await self._readers.read(read)

    async def acknowledge(self, message_id: str, name: str, entry: AuditEntry) -> str | None:
        """See gateway.ports.help.HelpAlertStore."""
        return await self._writer.write(_ACKNOWLEDGE_WRITE, (storable(message_id), name, entry))

    async def give_back(self, message_id: str, name: str | None, entry: AuditEntry) -> bool:
        """See gateway.ports.help.HelpAlertStore."""
        return await self._writer.write(_GIVE_BACK_WRITE, (storable(message_id), name, entry))

    async def acknowledged_by(self, message_id: str) -> tuple[str, float] | None:
        """See gateway.ports.help.HelpAlertStore."""
        rows = await self._readers.read(lambda db: db.rows(_ACKNOWLEDGED_BY, key=storable(message_id)))
        return (rows[0][0], rows[0][1]) if rows else None

    async def kinds_of(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        """See gateway.ports.help.HelpAlertStore."""
        return await self._readers.read(lambda db: _kinds_of(db, list(ids)))

    async def backlog(self) -> tuple[int, float]:
        """See gateway.ports.help.HelpAlertStore."""
        return await self._readers.read(waiting_alerts)

    async def save_judgment(self, message_id: str, right: bool, entry: AuditEntry) -> None:
        """See gateway.ports.help.HelpAlertStore."""
        await self._writer.write(_SAVE_JUDGMENT_WRITE, (storable(message_id), right, entry))

    async def judgments(self, after: str, limit: int) -> Sequence[tuple[str, bool]]:
        """See gateway.ports.help.HelpAlertStore."""
        rows = await self._readers.read(lambda db: db.rows(_JUDGMENTS, after=storable(after), limit=limit))
        return [(str(id_), bool(was_one)) for id_, was_one in rows]
