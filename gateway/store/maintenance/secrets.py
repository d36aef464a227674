"""Random keys that every process of one store shares."""

from __future__ import annotations

import secrets as entropy
from collections.abc import Sequence

from sqlalchemy import bindparam, select

from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import secrets as secret_tables

_INSERT = Statement(lambda sql: sql.insert(secret_tables.secrets).on_conflict_do_nothing())
_READ = Statement(
    lambda sql: select(secret_tables.secrets.c.secret).where(secret_tables.secrets.c.name == bindparam("name"))
)


def _get_or_create(db: Database, names: Sequence[str]) -> list[bytes]:
    for name in names:
        db.change(_INSERT, name=name, secret=entropy.token_bytes(32))
    return [bytes(db.rows(_READ, name=name)[0][0]) for name in names]


_GET_OR_CREATE_WRITE = Write(_get_or_create)


class SqlSecretStore(FeatureStore):
    """See gateway.ports.maintenance.SecretStore."""

    async def get_or_create(self, name: str) -> bytes:
        """See gateway.ports.maintenance.SecretStore."""
        return await self._writer.write(_GET_OR_CREATE_WRITE, name)
