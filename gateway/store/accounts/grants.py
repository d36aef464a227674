"""Content that is granted to auditors."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from gateway.core.accounts.grant import Grant
from gateway.core.policy.decision import AuditEntry
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.review import grants

_g = grants.c
_GRANT = (
    _g.user_name, _g.subject, _g.by_name, _g.reason, _g.at, _g.until, _g.ended_at, _g.ended_by, _g.id,
)  # fmt: skip
_ADD = Statement(
    lambda sql: sql.insert(grants)
    .values(
        user_name=bindparam("user"), subject=bindparam("about"), by_name=bindparam("by"), reason=bindparam("why"),
        at=bindparam("now"), until=bindparam("ends"), ended_by=schema.lit(""),
    )
    .returning(_g.id)
)  # fmt: skip
_ACTIVE = Statement(
    lambda sql: (
        select(*_GRANT)
        .where(_g.user_name == bindparam("key"), _g.ended_at.is_(None), _g.until > bindparam("now"))
        .order_by(_g.id)
    )
)
_PAGE = Statement(
    lambda sql: select(*_GRANT).where(_g.id < bindparam("before")).order_by(_g.id.desc()).limit(bindparam("limit"))
)
_BY_ID = Statement(lambda sql: select(*_GRANT).where(_g.id == bindparam("key")))
_END = Statement(
    lambda sql: (
        update(grants)
        .where(_g.id == bindparam("key"), _g.ended_at.is_(None), _g.until > bindparam("now"))
        .values(ended_at=bindparam("now"), ended_by=bindparam("by"))
    )
)


def _read_grants(rows: Sequence[Row]) -> list[Grant]:
    return [Grant(*row) for row in rows]


def _add(db: Database, items: Sequence[tuple[Grant, AuditEntry]]) -> list[int]:
    numbers = []
    for grant, entry in items:
        ((id_,),) = db.rows(
            _ADD, user=storable(grant.user), about=storable(grant.subject), by=storable(grant.by),
            why=storable(grant.reason), now=db.now, ends=grant.until,
        )  # fmt: skip
        audit.write(db, [entry])
        numbers.append(int(id_))
    return numbers


def _end(db: Database, items: Sequence[tuple[int, str, AuditEntry]]) -> list[bool]:
    done = []
    for id_, by, entry in items:
        done.append(db.change(_END, key=id_, by=storable(by), now=db.now) == 1)
        audit.write(db, [entry] * done[-1])
    return done


_ADD_WRITE, _END_WRITE = Write(_add), Write(_end)


class SqlGrantStore(FeatureStore):
    """See gateway.ports.accounts.GrantStore."""

    async def add(self, grant: Grant, entry: AuditEntry) -> int:
        """See gateway.ports.accounts.GrantStore."""
        return await self._writer.write(_ADD_WRITE, (grant, entry))

    async def active_for(self, user: str) -> Sequence[Grant]:
        """See gateway.ports.accounts.GrantStore."""
        return await self._readers.read(lambda db: _read_grants(db.rows(_ACTIVE, key=storable(user), now=db.now)))

    async def page(self, before: int, limit: int) -> Sequence[Grant]:
        """See gateway.ports.accounts.GrantStore."""
        return await self._readers.read(lambda db: _read_grants(db.rows(_PAGE, before=before, limit=limit)))

    async def find(self, id_: int) -> Grant | None:
        """See gateway.ports.accounts.GrantStore."""
        found = await self._readers.read(lambda db: _read_grants(db.rows(_BY_ID, key=id_)))
        return found[0] if found else None

    async def end(self, id_: int, by: str, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.GrantStore."""
        return await self._writer.write(_END_WRITE, (id_, by, entry))
