"""TODO."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, select

from gateway.core.policy.decision import AuditEntry
from gateway.store.audit import audit
from gateway.store.engine.columns import fit
from gateway.store.engine.dialects import Run, Statement, insert_each
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema

_f = schema.sign_in_failures.c

_ADD_FAILURE = insert_each(schema.sign_in_failures, "name", "client", "at")
_FAILED_BY_NAME = Statement(
    lambda of: select(func.count()).where(_f.name == bindparam("key"), _f.at > bindparam("since"))
)
_FAILED_BY_CLIENT = Statement(
    lambda of: select(func.count()).where(_f.client == bindparam("key"), _f.at > bindparam("since"))
)
_FAILED_BY_BOTH = Statement(
    lambda of: select(func.count()).where(
        _f.name == bindparam("key"), _f.client == bindparam("there"), _f.at > bindparam("since")
    )
)
_OLD_FAILURES = Statement(lambda of: delete(schema.sign_in_failures).where(_f.at < bindparam("at")))
FORGIVE = Statement(
    lambda of: delete(schema.sign_in_failures).where(_f.name == bindparam("key"), _f.client == bindparam("client"))
)
_FAILURES_KEPT = 86400.0


def _refused(run: Run, items: Sequence[tuple[str, str, AuditEntry]]) -> list[None]:
    run.change(_OLD_FAILURES, at=run.now - _FAILURES_KEPT)
    for failures_of, client, act in items:
        run.each(_ADD_FAILURE, [{"name": failures_of, "client": fit(client), "at": run.now}])
        audit.write(run, [act])
    return [None] * len(items)


_REFUSED_WRITE = Write(_refused)


class SqlSignInFailureStore(FeatureStore):
    """See gateway.ports.accounts.SignInFailureStore."""

    async def record(self, failures_of: str, client: str, act: AuditEntry) -> None:
        """See gateway.ports.accounts.SignInFailureStore."""
        await self._writer.do(_REFUSED_WRITE, (failures_of, client, act))

    async def count(self, failures_of: str, client: str, since: float) -> tuple[int, int, int]:
        """See gateway.ports.accounts.SignInFailureStore."""

        def count(run: Run) -> tuple[int, int, int]:
            (both,) = run.rows(_FAILED_BY_BOTH, key=failures_of, there=fit(client), since=since)
            (name,) = run.rows(_FAILED_BY_NAME, key=failures_of, since=since)
            (there,) = run.rows(_FAILED_BY_CLIENT, key=fit(client), since=since)
            return both[0], name[0], there[0]

        return await self._readers.read(count)
