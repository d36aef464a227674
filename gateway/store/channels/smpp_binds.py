"""What the processes of the role sms tell each other: who speaks for a number, and which application is bound where."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, select

from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, SqlDialect, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema.sms_binds import bound, lines

FORGOTTEN = 3600.0
"""Seconds after which what a process said last is dropped: it is gone."""

_l, _b = lines.c, bound.c


def _spoke(sql: SqlDialect):  # type: ignore[no-untyped-def]
    row: dict[str, Any] = {"account": bindparam("who"), "at": bindparam("now")}
    made = sql.insert(lines).values(line=bindparam("number"), **row)
    return made.on_conflict_do_update(index_elements=["line"], set_=row)


def _here(sql: SqlDialect):  # type: ignore[no-untyped-def]
    made = sql.insert(bound).values(process=bindparam("us"), account=bindparam("who"), at=bindparam("now"))
    return made.on_conflict_do_update(index_elements=["process", "account"], set_={"at": bindparam("now")})


_SPOKE, _HERE = Statement(_spoke), Statement(_here)
_SPEAKER = Statement(lambda sql: select(_l.account).where(_l.line == bindparam("number")))
_NOT_HERE = Statement(
    lambda sql: delete(bound).where(
        ((_b.process == bindparam("us")) & (_b.at < bindparam("now"))) | (_b.at < bindparam("before"))
    )
)
_ELSEWHERE = Statement(
    lambda sql: select(_b.account, func.max(_b.at)).where(_b.process != bindparam("us")).group_by(_b.account)
)


@dataclass(frozen=True, slots=True)
class _Bound:
    process: str
    accounts: Collection[str]


def _tell(db: Database, items: Sequence[_Bound]) -> list[None]:
    for each in items:
        for account in sorted(each.accounts):
            db.change(_HERE, us=each.process, who=storable(account), now=db.now)
        db.change(_NOT_HERE, us=each.process, now=db.now, before=db.now - FORGOTTEN)
    return [None] * len(items)


def _speak(db: Database, items: Sequence[tuple[str, str]]) -> list[None]:
    for line, account in sorted(dict(items).items()):
        db.change(_SPOKE, number=storable(line), who=storable(account), now=db.now)
    return [None] * len(items)


_TELL_WRITE = Write(_tell, rank=2)
_SPEAK_WRITE = Write(_speak, rank=2)


class SqlSmppBindStore(FeatureStore):
    """See gateway.ports.channels.SmppBindStore."""

    async def record_sender(self, line: str, account: str) -> None:
        """See gateway.ports.channels.SmppBindStore."""
        await self._writer.write(_SPEAK_WRITE, (line, account))

    async def last_sender(self, line: str) -> str:
        """See gateway.ports.channels.SmppBindStore."""
        rows = await self._readers.read(lambda db: db.rows(_SPEAKER, number=storable(line)))
        return str(rows[0][0]) if rows else ""

    async def share_bound(self, process: str, accounts: Collection[str]) -> Mapping[str, float]:
        """See gateway.ports.channels.SmppBindStore."""
        await self._writer.write(_TELL_WRITE, _Bound(process, accounts))

        def look(db: Database) -> dict[str, float]:
            return {account: db.now - at for account, at in db.rows(_ELSEWHERE, us=process)}

        return await self._readers.read(look)
