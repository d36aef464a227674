"""Calls for help: who has taken them up, which kinds of help they ask for, and whether they were any."""

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
from gateway.store.schema.help import acknowledgements, judged_calls

_r, _k, _v, _j = schema.recipients.c, acknowledgements.c, schema.verdicts.c, judged_calls.c
_c = schema.contents.c
_IS_CALL = (_r.marked == schema.lit(1), _r.action == schema.lit("alert"))


def waits_for_somebody(of_message: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a message is a call for help that nobody has taken up."""
    return exists().where(_r.message_id == of_message, *_IS_CALL) & ~exists().where(_k.message_id == of_message)


def nothing_is_left(of_message: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether neither the content of a message nor what was found in it is kept any more."""
    return ~exists().where(_c.message_id == of_message) & ~exists().where(_v.message_id == of_message)


_MARK = Statement(
    lambda sql: select(
        select(func.max(_r.decided_at)).where(*_IS_CALL).scalar_subquery(),
        select(func.count()).select_from(schema.recipients).where(*_IS_CALL).scalar_subquery(),
        select(func.max(_k.at)).scalar_subquery(),
        select(func.count()).select_from(acknowledgements).scalar_subquery(),
    )
)
_WAITING = Statement(
    lambda sql: (
        select(_r.message_id)
        .where(*_IS_CALL, ~exists().where(_k.message_id == _r.message_id), ~nothing_is_left(_r.message_id))
        .order_by(_r.decided_at)
        .limit(bindparam("limit"))
    )
)
_TAKE_UP = batch_insert(acknowledgements, ignore_existing=True)
_TAKEN = Statement(lambda sql: select(_k.user_name, _k.at).where(_k.message_id == bindparam("key")))
_GIVE_BACK = Statement(
    lambda sql: delete(acknowledgements).where(
        _k.message_id == bindparam("key"), or_(_k.user_name == bindparam("by"), bindparam("anybody") == schema.lit(1))
    )
)

_VERDICTS = Statement(lambda sql: select(_v.message_id, _v.verdict).where(sql.among(_v.message_id)))
_JUDGED = Statement(
    lambda sql: (
        select(_j.message_id, _j.was_one)
        .where(_j.message_id > bindparam("after"))
        .order_by(_j.message_id)
        .limit(bindparam("limit"))
    )
)
_SAY = batch_insert(judged_calls, ignore_existing=True)
_SAY_OTHERWISE = Statement(
    lambda sql: update(judged_calls).where(_j.message_id == bindparam("key")).values(was_one=bindparam("was"))
)


def _acknowledge(db: Database, items: Sequence[tuple[str, str, AuditEntry]]) -> list[str | None]:
    first: list[str | None] = []
    for id_, name, entry in items:
        if db.batch(_TAKE_UP, [{"message_id": id_, "user_name": name, "at": db.now}]) == 1:
            audit.write(db, [entry])
            first.append(None)
        else:
            first.append(str(db.rows(_TAKEN, key=id_)[0][0]))
    return first


def _give_back(db: Database, items: Sequence[tuple[str, str | None, AuditEntry]]) -> list[bool]:
    done = []
    for id_, name, entry in items:
        done.append(db.change(_GIVE_BACK, key=id_, by=name or "", anybody=int(name is None)) == 1)
        audit.write(db, [entry] * done[-1])
    return done


def _kinds_of(db: Database, ids: Sequence[str]) -> dict[str, Sequence[str]]:
    rows = db.rows(_VERDICTS, ids=ids) if ids else []
    return {str(id_): _kinds(str(text)) for id_, text in rows}


def _kinds(text: str) -> tuple[str, ...]:
    asking = (
        each for each in decode_verdict_text(text).findings if each.clause == HELP and each.cue not in ("", *PLACES)
    )
    return tuple(dict.fromkeys(each.cue for each in sorted(asking, key=lambda each: -each.score)))


def _judge(db: Database, items: Sequence[tuple[str, bool, AuditEntry]]) -> list[None]:
    for id_, right, entry in items:
        if not db.batch(_SAY, [{"message_id": id_, "was_one": int(right)}]):
            db.change(_SAY_OTHERWISE, key=id_, was=int(right))
        audit.write(db, [entry])
    return [None] * len(items)


_ACKNOWLEDGE_WRITE, _GIVE_BACK_WRITE, _JUDGE = Write(_acknowledge), Write(_give_back), Write(_judge)


class SqlHelpAlertStore(FeatureStore):
    """See gateway.ports.help.HelpAlertStore."""

    async def mark(self) -> object:
        """See gateway.ports.help.HelpAlertStore."""
        return await self._readers.read(lambda db: tuple(db.rows(_MARK)[0]))

    async def waiting(self, limit: int) -> Sequence[ListedMessage]:
        """See gateway.ports.help.HelpAlertStore."""

        def read(db: Database) -> list[ListedMessage]:
            found = read_listed(db, [row[0] for row in db.rows(_WAITING, limit=limit)])
            return sorted(found, key=lambda each: each.decided_at)

        return await self._readers.read(read)

    async def acknowledge(self, message_id: str, name: str, entry: AuditEntry) -> str | None:
        """See gateway.ports.help.HelpAlertStore."""
        return await self._writer.write(_ACKNOWLEDGE_WRITE, (storable(message_id), name, entry))

    async def give_back(self, message_id: str, name: str | None, entry: AuditEntry) -> bool:
        """See gateway.ports.help.HelpAlertStore."""
        return await self._writer.write(_GIVE_BACK_WRITE, (storable(message_id), name, entry))

    async def acknowledged_by(self, message_id: str) -> tuple[str, float] | None:
        """See gateway.ports.help.HelpAlertStore."""
        rows = await self._readers.read(lambda db: db.rows(_TAKEN, key=storable(message_id)))
        return (rows[0][0], rows[0][1]) if rows else None

    async def kinds_of(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        """See gateway.ports.help.HelpAlertStore."""
        return await self._readers.read(lambda db: _kinds_of(db, list(ids)))

    async def save_judgment(self, message_id: str, right: bool, entry: AuditEntry) -> None:
        """See gateway.ports.help.HelpAlertStore."""
        await self._writer.write(_JUDGE, (storable(message_id), right, entry))

    async def judgments(self, after: str, limit: int) -> Sequence[tuple[str, bool]]:
        """See gateway.ports.help.HelpAlertStore."""
        rows = await self._readers.read(lambda db: db.rows(_JUDGED, after=storable(after), limit=limit))
        return [(str(id_), bool(was_one)) for id_, was_one in rows]
