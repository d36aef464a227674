"""TODO."""

from __future__ import annotations

import secrets as entropy
from collections.abc import Sequence

from sqlalchemy import bindparam, select

from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema

_SECRET = Statement(lambda sql: sql.insert(schema.secrets).on_conflict_do_nothing())
_READ_SECRET = Statement(lambda sql: select(schema.secrets.c.secret).where(schema.secrets.c.name == bindparam("name")))


def _keep_secrets(db: Database, names: Sequence[str]) -> list[bytes]:
    for name in names:
        db.change(_SECRET, name=name, secret=entropy.token_bytes(32))
    return [bytes(db.rows(_READ_SECRET, name=name)[0][0]) for name in names]


KEEP_SECRET = Write(_keep_secrets)


class SqlSecretStore(FeatureStore):
    """See gateway.ports.secrets.SecretStore."""

    async def get_or_create(self, name: str) -> bytes:
        """See gateway.ports.secrets.SecretStore."""
        return await self._writer.write(KEEP_SECRET, name)
