"""Passkeys of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Double, bindparam, delete, select, update

from gateway.core.accounts.account import Passkey
from gateway.core.policy.decision import AuditEntry
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema.accounts import passkeys

_p = passkeys.c

_PASSKEY = (_p.id, _p.user_name, _p.name, _p.public_key, _p.uses, _p.created_at, _p.used_at)
_OF_USER = Statement(
    lambda sql: select(*_PASSKEY).where(_p.user_name == bindparam("key")).order_by(_p.created_at, _p.id)
)
_BY_ID = Statement(lambda sql: select(*_PASSKEY).where(_p.id == bindparam("key")))
_NEVER = 1e18  # a time after every other
_INSERT = batch_insert(passkeys, ignore_existing=True)
_RECORD_USE = Statement(
    lambda sql: (
        update(passkeys)
        .where(
            _p.id == bindparam("key"),
            _p.uses == bindparam("was", type_=BigInteger()),
            _p.used_at.is_(None) | (_p.used_at < bindparam("asked", type_=Double())),
        )
        .values(uses=bindparam("are", type_=BigInteger()), used_at=bindparam("at", type_=Double()))
    )
)
_DELETE = Statement(lambda sql: delete(passkeys).where(_p.user_name == bindparam("key"), _p.id == bindparam("id")))


def _add(db: Database, items: Sequence[tuple[Passkey, AuditEntry]]) -> list[bool]:
    done = []
    for passkey, entry in items:
        row = {
            "id": passkey.id, "user_name": passkey.user, "name": storable(passkey.name),
            "public_key": passkey.public_key, "uses": passkey.count, "created_at": db.now, "used_at": None,
        }  # fmt: skip
        done.append(db.batch(_INSERT, [row]) == 1)
        audit.write(db, [entry] * done[-1])
    return done


def _record_use(db: Database, items: Sequence[tuple[str, int, int, float]]) -> list[bool]:
    return [
        db.change(_RECORD_USE, key=id_, was=expected, are=count, at=db.now, asked=asked) == 1
        for id_, expected, count, asked in items
    ]


def _read_passkey(row: Sequence[Any]) -> Passkey:
    id_, user, name, key, *rest = row
    return Passkey(id_, user, name, bytes(key), *rest)


def _remove(db: Database, items: Sequence[tuple[str, str, AuditEntry]]) -> list[bool]:
    done = []
    for name, id_, entry in items:
        done.append(db.change(_DELETE, key=name, id=id_) == 1)
        audit.write(db, [entry] * done[-1])
    return done


_ADD_WRITE, _RECORD_USE_WRITE, _REMOVE_WRITE = Write(_add), Write(_record_use), Write(_remove)


class SqlPasskeyStore(FeatureStore):
    """See gateway.ports.accounts.PasskeyStore."""

    async def of_user(self, name: str) -> Sequence[Passkey]:
        """See gateway.ports.accounts.PasskeyStore."""
        rows = await self._readers.read(lambda db: db.rows(_OF_USER, key=storable(name)))
        return list(map(_read_passkey, rows))

    async def find(self, id_: str) -> Passkey | None:
        """See gateway.ports.accounts.PasskeyStore."""
        rows = await self._readers.read(lambda db: db.rows(_BY_ID, key=storable(id_)))
        return _read_passkey(rows[0]) if rows else None

    async def add(self, passkey: Passkey, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.PasskeyStore."""
        return await self._writer.write(_ADD_WRITE, (passkey, entry))

    async def record_use(self, id_: str, expected: int, count: int, *, asked: float | None = None) -> bool:
        """See gateway.ports.accounts.PasskeyStore."""
        return await self._writer.write(_RECORD_USE_WRITE, (id_, expected, count, _NEVER if asked is None else asked))

    async def remove(self, name: str, id_: str, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.PasskeyStore."""
        return await self._writer.write(_REMOVE_WRITE, (name, storable(id_), entry))
