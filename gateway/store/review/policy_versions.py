"""The policies that are or were in force."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema.review import policies

_o = policies.c

_ADD_POLICY = batch_insert(policies, ignore_existing=True)
_UPDATE_POLICY = Statement(
    lambda sql: (
        update(policies)
        .where(_o.hash == bindparam("key"))
        .values(last_at=bindparam("to_at"), adopted=bindparam("to_adopted"), first_at=bindparam("to_first"))
    )
)
_KNOWN_POLICY = Statement(lambda sql: select(_o.adopted, _o.first_at, _o.last_at).where(_o.hash == bindparam("key")))
_SOURCE = Statement(lambda sql: select(_o.source).where(_o.hash == bindparam("key")))
_TEXTS = Statement(  # of one hash, one row for each adopted text: earlier texts have keys that begin with the hash
    lambda sql: (
        select(_o.source, _o.adopted, _o.first_at)
        .where((_o.hash == bindparam("key")) | ((_o.hash > bindparam("low")) & (_o.hash < bindparam("high"))))
        .order_by(_o.first_at)
    )
)


def _record(db: Database, items: Sequence[tuple[str, str, str]]) -> list[None]:
    for hash_, source, adopted in items:
        current = db.rows(_KNOWN_POLICY, key=hash_)
        row = {"hash": hash_, "source": source, "adopted": adopted, "first_at": db.now, "last_at": db.now}
        if not current:
            db.batch(_ADD_POLICY, [row])
        elif current[0][0] == adopted:
            db.change(_UPDATE_POLICY, key=hash_, to_at=db.now, to_adopted=adopted, to_first=current[0][1])
        else:  # the same policy with another adopted text: the earlier text moves to a row of its own
            earlier, first_at, last_at = current[0]
            name = f"{hash_}.{hashlib.sha256(earlier.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
            db.batch(_ADD_POLICY, [{**row, "hash": name, "adopted": earlier, "first_at": first_at, "last_at": last_at}])
            db.change(_UPDATE_POLICY, key=hash_, to_at=db.now, to_adopted=adopted, to_first=db.now)
    return [None] * len(items)


_VERSIONS = Statement(
    lambda sql: select(_o.hash, _o.source, _o.adopted, _o.first_at, _o.last_at).order_by(_o.first_at.desc(), _o.hash)
)


_RECORD_WRITE = Write(_record)


class SqlPolicyVersionStore(FeatureStore):
    """See gateway.ports.review.PolicyVersionStore."""

    async def record(self, hash_: str, source: str, adopted: str) -> None:
        """See gateway.ports.review.PolicyVersionStore."""
        await self._writer.write(_RECORD_WRITE, (hash_, storable(source), storable(adopted)))

    async def source(self, hash_: str) -> str | None:
        """See gateway.ports.review.PolicyVersionStore."""
        rows = await self._readers.read(lambda db: db.rows(_SOURCE, key=hash_))
        return str(rows[0][0]) if rows else None

    async def texts(self, hash_: str, at: float | None) -> tuple[str | None, str]:
        """See gateway.ports.review.PolicyVersionStore."""
        key = storable(hash_)
        rows = await self._readers.read(lambda db: db.rows(_TEXTS, key=key, low=f"{key}.", high=f"{key}/"))
        earlier = [row for row in rows if at is None or row[2] <= at] or rows[:1]
        return (str(earlier[-1][0]), str(earlier[-1][1])) if earlier else (None, "")

    async def versions(self) -> Sequence[tuple[str, str, str, float, float]]:
        """See gateway.ports.review.PolicyVersionStore."""
        rows = await self._readers.read(lambda db: db.rows(_VERSIONS))
        return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]
