"""TODO."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Double, bindparam, delete, select, update

from gateway.ports.accounts import GroupRole
from gateway.store.accounts.users import USER, read_user
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.accounts import vouchings

_u, _v = schema.users.c, vouchings.c

_NO_VOUCHING = Statement(lambda sql: delete(vouchings).where(_v.user_name == bindparam("key")))
_ADD_VOUCHING = batch_insert(vouchings, ignore_existing=True)
_NOTHING_TO_ASK = Statement(
    lambda sql: update(vouchings).where(_v.user_name == bindparam("key")).values(again=schema.lit(""))
)
_TO_ASK = Statement(
    lambda sql: (
        select(*USER, _v.vouched_at, _v.again)
        .join_from(vouchings, schema.users, _u.name == _v.user_name)
        .where(
            _v.vouched_at < bindparam("before", type_=Double()),
            _v.asking_until < bindparam("at", type_=Double()),
            _v.again != schema.lit(""),
            _u.disabled_at.is_(None),
            _u.by_groups == schema.lit(1),
        )
        .order_by(_v.vouched_at)
        .limit(bindparam("most", type_=BigInteger()))
    )
)
_CLAIM = Statement(
    lambda sql: (
        update(vouchings)
        .where(_v.user_name == bindparam("key"), _v.asking_until < bindparam("at", type_=Double()))
        .values(asking_until=bindparam("until", type_=Double()))
    )
)


def _vouched(db: Database, items: Sequence[tuple[str, str]]) -> list[None]:
    for name, again in items:
        db.change(_NO_VOUCHING, key=name)
        row = {"user_name": name, "again": again, "vouched_at": db.now, "asking_until": 0.0}
        db.batch(_ADD_VOUCHING, [row])
    return [None] * len(items)


def _nothing_to_ask(db: Database, items: Sequence[str]) -> list[None]:
    for name in items:
        db.change(_NOTHING_TO_ASK, key=name)
    return [None] * len(items)


def _to_ask(db: Database, items: Sequence[tuple[float, float, int]]) -> list[Sequence[GroupRole]]:
    claimed: list[Sequence[GroupRole]] = []
    for before, lasts, limit in items:
        found = db.rows(_TO_ASK, before=before, at=db.now, most=limit)
        claimed.append(
            [
                GroupRole(read_user(row), *row[len(USER) :])
                for row in found
                if db.change(_CLAIM, key=row[0], at=db.now, until=db.now + lasts) == 1
            ]
        )
    return claimed


_VOUCHED_WRITE, _TO_ASK_WRITE, _NOTHING_WRITE = Write(_vouched), Write(_to_ask), Write(_nothing_to_ask)


class SqlGroupRoleStore(FeatureStore):
    """See gateway.ports.accounts.GroupRoleStore."""

    async def record_check(self, name: str, again: str) -> None:
        """See gateway.ports.accounts.GroupRoleStore."""
        await self._writer.write(_VOUCHED_WRITE, (name, again))

    async def claim_due(self, before: float, lasts: float, limit: int) -> Sequence[GroupRole]:
        """See gateway.ports.accounts.GroupRoleStore."""
        return await self._writer.write(_TO_ASK_WRITE, (before, lasts, limit))

    async def stop_checking(self, name: str) -> None:
        """See gateway.ports.accounts.GroupRoleStore."""
        await self._writer.write(_NOTHING_WRITE, name)
