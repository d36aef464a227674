"""TODO."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, select

from gateway.core.policy.decision import AuditEntry
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema

_f = schema.sign_in_failures.c

_ADD_FAILURE = batch_insert(schema.sign_in_failures, "name", "client", "at")
_FAILED_BY_NAME = Statement(
    lambda sql: select(func.count()).where(_f.name == bindparam("key"), _f.at > bindparam("since"))
)
_FAILED_BY_CLIENT = Statement(
    lambda sql: select(func.count()).where(_f.client == bindparam("key"), _f.at > bindparam("since"))
)
_FAILED_BY_BOTH = Statement(
    lambda sql: select(func.count()).where(
        _f.name == bindparam("key"), _f.client == bindparam("there"), _f.at > bindparam("since")
    )
)
_OLD_FAILURES = Statement(lambda sql: delete(schema.sign_in_failures).where(_f.at < bindparam("at")))
FORGIVE = Statement(
    lambda sql: delete(schema.sign_in_failures).where(_f.name == bindparam("key"), _f.client == bindparam("client"))
)
_FAILURES_KEPT = 86400.0


def _refused(db: Database, items: Sequence[tuple[str, str, AuditEntry]]) -> list[None]:
    db.change(_OLD_FAILURES, at=db.now - _FAILURES_KEPT)
    for failures_of, client, entry in items:
        db.batch(_ADD_FAILURE, [{"name": failures_of, "client": storable(client), "at": db.now}])
        audit.write(db, [entry])
    return [None] * len(items)


_REFUSED_WRITE = Write(_refused)


class SqlSignInFailureStore(FeatureStore):
    """See gateway.ports.accounts.SignInFailureStore."""

    async def record(self, failures_of: str, client: str, entry: AuditEntry) -> None:
        """See gateway.ports.accounts.SignInFailureStore."""
        await self._writer.write(_REFUSED_WRITE, (failures_of, client, entry))

    async def count(self, failures_of: str, client: str, since: float) -> tuple[int, int, int]:
        """See gateway.ports.accounts.SignInFailureStore."""

        def count(db: Database) -> tuple[int, int, int]:
            (both,) = db.rows(_FAILED_BY_BOTH, key=failures_of, there=storable(client), since=since)
            (name,) = db.rows(_FAILED_BY_NAME, key=failures_of, since=since)
            (there,) = db.rows(_FAILED_BY_CLIENT, key=storable(client), since=since)
            return both[0], name[0], there[0]

        return await self._readers.read(count)
