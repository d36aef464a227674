"""The second step of signing in with a password: time-based codes and recovery codes."""

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

DELETE_EXPIRED_SETUPS = Statement(
    lambda sql: delete(second_steps).where(_w.since.is_(None), _w.last < bindparam("begun", type_=BigInteger()))
)


def earliest_setup(db: Database) -> int:
    """The earliest start of a setup that may still be confirmed, in whole seconds."""
    return int(db.now - SECOND_STEP_SETUP_SECONDS)


_BY_NAME = Statement(
    lambda sql: select(_w.secret, _w.since, _w.last, _w.recovery).where(_w.user_name == bindparam("key"))
)
_INSERT = batch_insert(second_steps, ignore_existing=True)
_DELETE_SETUP = Statement(lambda sql: delete(second_steps).where(_w.user_name == bindparam("key"), _w.since.is_(None)))
_DELETE = Statement(lambda sql: delete(second_steps).where(_w.user_name == bindparam("key")))
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
_USE_CODE = Statement(
    lambda sql: (
        update(second_steps)
        .where(_w.user_name == bindparam("key"), _w.since.is_not(None), _w.last < bindparam("step", type_=BigInteger()))
        .values(last=bindparam("to_step", type_=BigInteger()))
    )
)
_USE_RECOVERY_CODE = Statement(
    lambda sql: (
        update(second_steps)
        .where(_w.user_name == bindparam("key"), _w.recovery == bindparam("were"))
        .values(recovery=bindparam("are"))
    )
)


def _begin(db: Database, items: Sequence[tuple[str, str]]) -> list[None]:
    db.change(DELETE_EXPIRED_SETUPS, begun=earliest_setup(db))
    for name, secret in items:
        db.change(_DELETE_SETUP, key=name)
        row = {"user_name": name, "secret": secret, "since": None, "last": int(db.now), "recovery": "[]"}
        db.batch(_INSERT, [row])
    return [None] * len(items)


def _confirm(db: Database, items: Sequence[tuple[str, int, Sequence[str], AuditEntry]]) -> list[bool]:
    done = []
    for name, step, codes, entry in items:
        values = {
            "key": name,
            "at": db.now,
            "begun": earliest_setup(db),
            "step": step,
            "codes": encode_json(list(codes)),
        }
        done.append(db.change(_CONFIRM, **values) == 1)
        audit.write(db, [entry] * done[-1])
    return done


def _remove(db: Database, items: Sequence[tuple[str, AuditEntry]]) -> list[bool]:
    done = []
    for name, entry in items:
        done.append(db.change(_DELETE, key=name) == 1)
        audit.write(db, [entry] * done[-1])
    return done


def _use_code(db: Database, items: Sequence[tuple[str, int]]) -> list[bool]:
    return [db.change(_USE_CODE, key=name, step=step, to_step=step) == 1 for name, step in items]


def _use_recovery_code(db: Database, items: Sequence[tuple[str, str, AuditEntry]]) -> list[bool]:
    done = []
    for name, code_hash, entry in items:
        rows = db.rows(_BY_NAME, key=name)
        codes = json.loads(rows[0][3]) if rows and rows[0][1] is not None else []
        left = [other for other in codes if other != code_hash]
        used = (
            len(left) < len(codes)
            and db.change(_USE_RECOVERY_CODE, key=name, were=rows[0][3], are=encode_json(left)) == 1
        )
        audit.write(db, [entry] * used)
        done.append(used)
    return done


_BEGIN_WRITE, _CONFIRM_WRITE, _REMOVE_WRITE = Write(_begin), Write(_confirm), Write(_remove)
_USE_CODE_WRITE, _USE_RECOVERY_CODE_WRITE = Write(_use_code), Write(_use_recovery_code)


class SqlSecondStepStore(FeatureStore):
    """See gateway.ports.accounts.SecondStepStore."""

    async def find(self, name: str) -> SecondStep | None:
        """See gateway.ports.accounts.SecondStepStore."""

        def read(db: Database) -> SecondStep | None:
            for secret, since, last, recovery in db.rows(_BY_NAME, key=storable(name)):
                if since is not None or last >= earliest_setup(db):
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
        return await self._writer.write(_REMOVE_WRITE, (name, entry))

    async def use_code(self, name: str, step: int) -> bool:
        """See gateway.ports.accounts.SecondStepStore."""
        return await self._writer.write(_USE_CODE_WRITE, (name, step))

    async def use_recovery_code(self, name: str, code_hash: str, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.SecondStepStore."""
        return await self._writer.write(_USE_RECOVERY_CODE_WRITE, (name, code_hash, entry))
