"""What processes with SMPP sessions share: who last sent from a number, and which application is bound where."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, select

from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, SqlDialect, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema.smpp_binds import bound_accounts, line_senders

FORGET_AFTER = 3600.0
"""Seconds after which an entry of a process that no longer reports is deleted."""

_l, _b = line_senders.c, bound_accounts.c


def _upsert_sender(sql: SqlDialect):  # type: ignore[no-untyped-def]
    row: dict[str, Any] = {"account": bindparam("who"), "at": bindparam("now")}
    insert = sql.insert(line_senders).values(line=bindparam("number"), **row)
    return insert.on_conflict_do_update(index_elements=["line"], set_=row)


def _upsert_bound(sql: SqlDialect):  # type: ignore[no-untyped-def]
    insert = sql.insert(bound_accounts).values(process=bindparam("us"), account=bindparam("who"), at=bindparam("now"))
    return insert.on_conflict_do_update(index_elements=["process", "account"], set_={"at": bindparam("now")})


_RECORD_SENDER, _RECORD_BOUND = Statement(_upsert_sender), Statement(_upsert_bound)
_LAST_SENDER = Statement(lambda sql: select(_l.account).where(_l.line == bindparam("number")))
_DELETE_OTHERS = Statement(
    lambda sql: delete(bound_accounts).where(
        ((_b.process == bindparam("us")) & (_b.at < bindparam("now"))) | (_b.at < bindparam("before"))
    )
)
_BOUND_ELSEWHERE = Statement(
    lambda sql: select(_b.account, func.max(_b.at)).where(_b.process != bindparam("us")).group_by(_b.account)
)


@dataclass(frozen=True, slots=True)
class _BoundAccounts:
    process: str
    accounts: Collection[str]


def _share_bound(db: Database, items: Sequence[_BoundAccounts]) -> list[None]:
    for item in items:
        for account in sorted(item.accounts):
            db.change(_RECORD_BOUND, us=item.process, who=storable(account), now=db.now)
        db.change(_DELETE_OTHERS, us=item.process, now=db.now, before=db.now - FORGET_AFTER)
    return [None] * len(items)


def _record_sender(db: Database, items: Sequence[tuple[str, str]]) -> list[None]:
    for line, account in sorted(dict(items).items()):
        db.change(_RECORD_SENDER, number=storable(line), who=storable(account), now=db.now)
    return [None] * len(items)


_SHARE_BOUND_WRITE = Write(_share_bound, rank=2)
_RECORD_SENDER_WRITE = Write(_record_sender, rank=2)


class SqlSmppBindStore(FeatureStore):
    """See gateway.ports.channels.SmppBindStore."""

    async def record_sender(self, line: str, account: str) -> None:
        """See gateway.ports.channels.SmppBindStore."""
        await self._writer.write(_RECORD_SENDER_WRITE, (line, account))

    async def last_sender(self, line: str) -> str:
        """See gateway.ports.channels.SmppBindStore."""
        rows = await self._readers.read(lambda db: db.rows(_LAST_SENDER, number=storable(line)))
        return str(rows[0][0]) if rows else ""

    async def share_bound(self, process: str, accounts: Collection[str]) -> Mapping[str, float]:
        """See gateway.ports.channels.SmppBindStore."""
        await self._writer.write(_SHARE_BOUND_WRITE, _BoundAccounts(process, accounts))

        def read(db: Database) -> dict[str, float]:
            return {account: db.now - at for account, at in db.rows(_BOUND_ELSEWHERE, us=process)}

        return await self._readers.read(read)
