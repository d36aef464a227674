"""TODO."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import BigInteger, Double, bindparam, delete, select, update

from gateway.core.policy.decision import AuditEntry
from gateway.ports.accounts import SECOND_STEP_SETUP_SECONDS, SecondStep
from gateway.store.audit import audit
from gateway.store.engine.columns import encode_json, storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema.accounts import second_steps

_w = second_steps.c

NEVER_CONFIRMED = Statement(
    lambda sql: delete(second_steps).where(
        second_steps.c.since.is_(None), second_steps.c.last < bindparam("begun", type_=BigInteger())
    )
)


def begun(db: Database) -> int:
    """When a second step that may be confirmed now was begun at the earliest, in whole seconds."""
    return int(db.now - SECOND_STEP_SETUP_SECONDS)


_STEP = Statement(lambda sql: select(_w.secret, _w.since, _w.last, _w.recovery).where(_w.user_name == bindparam("key")))
_ADD_STEP = batch_insert(second_steps, ignore_existing=True)
_UNCONFIRMED = Statement(lambda sql: delete(second_steps).where(_w.user_name == bindparam("key"), _w.since.is_(None)))
_NO_STEP = Statement(lambda sql: delete(second_steps).where(_w.user_name == bindparam("key")))
_CONFIRM = Statement(
    lambda sql: (
        update(second_steps)
        .where(
            _w.user_name == bindparam("key"), _w.since.is_(None), _w.last >= bindparam("begun", type_=BigInteger())
        )
        .values(
            since=bindparam("at", type_=Double()), last=bindparam("step", type_=BigInteger()),
            recovery=bindparam("codes"),
        )
    )
)  # fmt: skip
_USE = Statement(
    lambda sql: (
        update(second_steps)
        .where(_w.user_name == bindparam("key"), _w.since.is_not(None), _w.last < bindparam("step", type_=BigInteger()))
        .values(last=bindparam("to_step", type_=BigInteger()))
    )
)
_SPEND = Statement(
    lambda sql: (
        update(second_steps)
        .where(_w.user_name == bindparam("key"), _w.recovery == bindparam("were"))
        .values(recovery=bindparam("are"))
    )
)


def _begin(db: Database, items: Sequence[tuple[str, str]]) -> list[None]:
    db.change(NEVER_CONFIRMED, begun=begun(db))
    for name, secret in items:
        db.change(_UNCONFIRMED, key=name)
        row = {"user_name": name, "secret": secret, "since": None, "last": int(db.now), "recovery": "[]"}
        db.batch(_ADD_STEP, [row])
    return [None] * len(items)


def _confirm(db: Database, items: Sequence[tuple[str, int, Sequence[str], AuditEntry]]) -> list[bool]:
    done = []
    for name, step, codes, entry in items:
        given = {"key": name, "at": db.now, "begun": begun(db), "step": step, "codes": encode_json(list(codes))}
        done.append(db.change(_CONFIRM, **given) == 1)
        audit.write(db, [entry] * done[-1])
    return done


def _drop(db: Database, items: Sequence[tuple[str, AuditEntry]]) -> list[bool]:
    done = []
    for name, entry in items:
        done.append(db.change(_NO_STEP, key=name) == 1)
        audit.write(db, [entry] * done[-1])
    return done


def _use(db: Database, items: Sequence[tuple[str, int]]) -> list[bool]:
    return [db.change(_USE, key=name, step=step, to_step=step) == 1 for name, step in items]


def _spend(db: Database, items: Sequence[tuple[str, str, AuditEntry]]) -> list[bool]:
    done = []
    for name, code, entry in items:
        rows = db.rows(_STEP, key=name)
        were = json.loads(rows[0][3]) if rows and rows[0][1] is not None else []
        are = [each for each in were if each != code]
        spent = len(are) < len(were) and db.change(_SPEND, key=name, were=rows[0][3], are=encode_json(are)) == 1
        audit.write(db, [entry] * spent)
        done.append(spent)
    return done


_BEGIN_WRITE, _CONFIRM_WRITE, _DROP_WRITE = Write(_begin), Write(_confirm), Write(_drop)
_USE_WRITE, _SPEND_WRITE = Write(_use), Write(_spend)


class SqlSecondStepStore(FeatureStore):
    """See gateway.ports.accounts.SecondStepStore."""

    async def find(self, name: str) -> SecondStep | None:
        """See gateway.ports.accounts.SecondStepStore."""

        def read(db: Database) -> SecondStep | None:
            for secret, since, last, recovery in db.rows(_STEP, key=storable(name)):
                if since is not None or last >= begun(db):
                    return SecondStep(secret, since, last, len(json.loads(recovery)))
            return None

        return await self._readers.read(read)

    async def begin(self, name: str, secret: str) -> None:
        """See gateway.ports.accounts.SecondStepStore."""
        await self._writer.write(_BEGIN_WRITE, (name, secret))

    async def confirm(self, name: str, step: int, recovery: Sequence[str], entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.SecondStepStore."""
        return await self._writer.write(_CONFIRM_WRITE, (name, step, recovery, entry))

    async def remove(self, name: str, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.SecondStepStore."""
        return await self._writer.write(_DROP_WRITE, (name, entry))

    async def use_code(self, name: str, step: int) -> bool:
        """See gateway.ports.accounts.SecondStepStore."""
        return await self._writer.write(_USE_WRITE, (name, step))

    async def use_recovery_code(self, name: str, code: str, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.SecondStepStore."""
        return await self._writer.write(_SPEND_WRITE, (name, code, entry))
