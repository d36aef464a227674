"""Accounts whose role comes from groups: when the sign-in service last confirmed them, and how to ask again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Double, bindparam, delete, select, update

from gateway.ports.accounts import GroupRole
from gateway.store.accounts.users import USER, read_user
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import accounts as account_tables
from gateway.store.schema import messages as schema
from gateway.store.schema.accounts import group_checks

_u, _v = account_tables.users.c, group_checks.c

_DELETE = Statement(lambda sql: delete(group_checks).where(_v.user_name == bindparam("key")))
_INSERT = batch_insert(group_checks, ignore_existing=True)
_CLEAR_TOKEN = Statement(
    lambda sql: update(group_checks).where(_v.user_name == bindparam("key")).values(again=schema.lit(""))
)
_DUE = Statement(
    lambda sql: (
        select(*USER, _v.vouched_at, _v.again)
        .join_from(group_checks, account_tables.users, _u.name == _v.user_name)
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
        update(group_checks)
        .where(_v.user_name == bindparam("key"), _v.asking_until < bindparam("at", type_=Double()))
        .values(asking_until=bindparam("until", type_=Double()))
    )
)


def _record_check(db: Database, items: Sequence[tuple[str, str]]) -> list[None]:
    for name, again in items:
        db.change(_DELETE, key=name)
        row = {"user_name": name, "again": again, "vouched_at": db.now, "asking_until": 0.0}
        db.batch(_INSERT, [row])
    return [None] * len(items)


def _stop_checking(db: Database, items: Sequence[str]) -> list[None]:
    for name in items:
        db.change(_CLEAR_TOKEN, key=name)
    return [None] * len(items)


def _claim_due(db: Database, items: Sequence[tuple[float, float, int]]) -> list[Sequence[GroupRole]]:
    claimed: list[Sequence[GroupRole]] = []
    for before, lease, limit in items:
        due = db.rows(_DUE, before=before, at=db.now, most=limit)
        claimed.append(
            [
                GroupRole(read_user(row), *row[len(USER) :])
                for row in due
                if db.change(_CLAIM, key=row[0], at=db.now, until=db.now + lease) == 1
            ]
        )
    return claimed


_RECORD_CHECK_WRITE, _CLAIM_DUE_WRITE, _STOP_CHECKING_WRITE = (
    Write(_record_check),
    Write(_claim_due),
    Write(_stop_checking),
)


class SqlGroupRoleStore(FeatureStore):
    """See gateway.ports.accounts.GroupRoleStore."""

    async def record_check(self, name: str, again: str) -> None:
        """See gateway.ports.accounts.GroupRoleStore."""
        await self._writer.write(_RECORD_CHECK_WRITE, (name, again))

    async def claim_due(self, before: float, lease: float, limit: int) -> Sequence[GroupRole]:
        """See gateway.ports.accounts.GroupRoleStore."""
        return await self._writer.write(_CLAIM_DUE_WRITE, (before, lease, limit))

    async def stop_checking(self, name: str) -> None:
        """See gateway.ports.accounts.GroupRoleStore."""
        await self._writer.write(_STOP_CHECKING_WRITE, name)
