"""Held messages and open cases of accounts that can no longer decide: found and unassigned."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, bindparam, select, update

from gateway.ports.accounts import OrphanedNotices, OrphanedWork
from gateway.store.audit import audit
from gateway.store.engine.dialects import Database, SqlDialect, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import followups
from gateway.store.review.claims import is_held
from gateway.store.schema import accounts as account_tables
from gateway.store.schema import cases as case_tables
from gateway.store.schema import messages as schema
from gateway.store.schema.review import assignments

_a, _c, _u = assignments.c, case_tables.cases.c, account_tables.users.c


def _no_longer_able(sql: SqlDialect, name: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a name belongs to no enabled account with one of the roles."""
    able = select(_u.name).where(_u.name == name, _u.disabled_at.is_(None), sql.among(_u.role))
    return (name != schema.lit("")) & ~able.exists()


_MESSAGES = Statement(
    lambda sql: (
        select(_a.message_id, _a.user_name)
        .where(_no_longer_able(sql, _a.user_name), is_held(_a.message_id))
        .order_by(_a.message_id)
        .limit(bindparam("limit"))
    )
)
_CASES = Statement(
    lambda sql: (
        select(_c.id, _c.assignee)
        .where(_c.outcome == schema.lit(""), _no_longer_able(sql, _c.assignee))
        .order_by(_c.id)
        .limit(bindparam("limit"))
    )
)
_UNASSIGN_MESSAGE = Statement(
    lambda sql: (
        update(assignments)
        .where(_a.message_id == bindparam("key"), _a.user_name == bindparam("holder"))
        .values(user_name=schema.lit(""), by_name=schema.lit("gateway"), at=bindparam("now"))
    )
)
_UNASSIGN_CASE = Statement(
    lambda sql: (
        update(case_tables.cases)
        .where(_c.id == bindparam("key"), _c.assignee == bindparam("holder"), _c.outcome == schema.lit(""))
        .values(assignee=schema.lit(""), changed_at=bindparam("now"))
    )
)


def _unassign(db: Database, items: Sequence[tuple[OrphanedWork, OrphanedNotices]]) -> list[OrphanedWork]:
    answers = []
    for work, notices in items:
        unassigned = OrphanedWork(
            [message for message in sorted(work.messages) if db.change(_UNASSIGN_MESSAGE, **_key(db, message)) == 1],
            [case for case in sorted(work.cases) if db.change(_UNASSIGN_CASE, **_key(db, case)) == 1],
        )
        if unassigned:
            new_followups, entries = notices(unassigned)
            followups.write(db, new_followups)
            audit.write(db, entries)
        answers.append(unassigned)
    return answers


def _key(db: Database, assigned: tuple[object, str]) -> dict[str, object]:
    return {"key": assigned[0], "holder": assigned[1], "now": db.now}


_UNASSIGN_WRITE = Write(_unassign, rank=0)


class SqlReassignmentStore(FeatureStore):
    """See gateway.ports.accounts.ReassignmentStore."""

    async def orphaned(self, roles: Collection[str], limit: int) -> OrphanedWork:
        """See gateway.ports.accounts.ReassignmentStore."""
        ids = sorted(roles)

        def read(db: Database) -> OrphanedWork:
            messages, cases = db.rows(_MESSAGES, ids=ids, limit=limit), db.rows(_CASES, ids=ids, limit=limit)
            return OrphanedWork([(row[0], row[1]) for row in messages], [(row[0], row[1]) for row in cases])

        return await self._readers.read(read)

    async def unassign(self, work: OrphanedWork, notices: OrphanedNotices) -> OrphanedWork:
        """See gateway.ports.accounts.ReassignmentStore."""
        return await self._writer.write(_UNASSIGN_WRITE, (work, notices))
