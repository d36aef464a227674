"""Refused sign-ins, counted to limit guessing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, select

from gateway.core.policy.decision import AuditEntry
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import accounts as account_tables

_REMEMBERED_SECONDS = 86400.0

_f = account_tables.sign_in_failures.c
_INSERT = batch_insert(account_tables.sign_in_failures, "name", "client", "at")
_BY_NAME = Statement(lambda sql: select(func.count()).where(_f.name == bindparam("key"), _f.at > bindparam("since")))
_BY_CLIENT = Statement(
    lambda sql: select(func.count()).where(_f.client == bindparam("key"), _f.at > bindparam("since"))
)
_BY_BOTH = Statement(
    lambda sql: select(func.count()).where(
        _f.name == bindparam("key"), _f.client == bindparam("there"), _f.at > bindparam("since")
    )
)
_DELETE_OLD = Statement(lambda sql: delete(account_tables.sign_in_failures).where(_f.at < bindparam("at")))
DELETE_FAILURES = Statement(
    lambda sql: delete(account_tables.sign_in_failures).where(
        _f.name == bindparam("key"), _f.client == bindparam("client")
    )
)
"""Deletes the failures of one name from one client."""


def _record(db: Database, items: Sequence[tuple[str, str, AuditEntry]]) -> list[None]:
    db.change(_DELETE_OLD, at=db.now - _REMEMBERED_SECONDS)
    for name_hash, client, entry in items:
        db.batch(_INSERT, [{"name": name_hash, "client": storable(client), "at": db.now}])
        audit.write(db, [entry])
    return [None] * len(items)


_RECORD_WRITE = Write(_record)


class SqlSignInFailureStore(FeatureStore):
    """See gateway.ports.accounts.SignInFailureStore."""

    async def record(self, name_hash: str, client: str, entry: AuditEntry) -> None:
        """See gateway.ports.accounts.SignInFailureStore."""
        await self._writer.write(_RECORD_WRITE, (name_hash, client, entry))

    async def count(self, name_hash: str, client: str, since: float) -> tuple[int, int, int]:
        """See gateway.ports.accounts.SignInFailureStore."""

        def count(db: Database) -> tuple[int, int, int]:
            (both,) = db.rows(_BY_BOTH, key=name_hash, there=storable(client), since=since)
            (name,) = db.rows(_BY_NAME, key=name_hash, since=since)
            (there,) = db.rows(_BY_CLIENT, key=storable(client), since=since)
            return both[0], name[0], there[0]

        return await self._readers.read(count)
