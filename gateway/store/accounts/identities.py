"""Accounts of people who sign in with the district's sign-in service."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from gateway.core.accounts.account import User
from gateway.core.policy.decision import AuditEntry
from gateway.store.accounts.users import USER, read_user
from gateway.store.audit import audit
from gateway.store.engine.columns import encode_json, storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import accounts as account_tables
from gateway.store.schema import messages as schema

_u = account_tables.users.c

_BY_SUBJECT = Statement(lambda sql: select(*USER).where(_u.subject == bindparam("key"), _u.subject != schema.lit("")))
_OF_PERSON = Statement(lambda sql: select(*USER).where(_u.person == bindparam("key")))
_INSERT = batch_insert(account_tables.users, ignore_existing=True)
_UPDATE = Statement(
    lambda sql: (
        update(account_tables.users)
        .where(_u.name == bindparam("key"), _u.subject.in_([schema.lit(""), bindparam("subject_again")]))
        .values(
            subject=bindparam("to_subject"), role=bindparam("to_role"), buildings=bindparam("to_buildings"),
            by_groups=bindparam("to_by_groups"),
        )
    )
)  # fmt: skip


def _recognize(db: Database, items: Sequence[tuple[User, AuditEntry]]) -> list[bool]:
    """Add accounts, or update those that belong to the subject or to none."""
    done = []
    for user, entry in items:
        row = {
            "name": user.name, "password_hash": None, "role": user.role.value, "buildings": encode_json(user.buildings),
            "person": storable(user.person), "created_at": db.now, "disabled_at": None,
            "subject": storable(user.subject), "by_groups": int(user.by_groups),
        }  # fmt: skip
        added = db.batch(_INSERT, [row]) == 1
        changed = added or db.change(
            _UPDATE, key=user.name, subject_again=row["subject"], to_subject=row["subject"], to_role=row["role"],
            to_buildings=row["buildings"], to_by_groups=row["by_groups"],
        ) == 1  # fmt: skip
        audit.write(db, [entry] * changed)
        done.append(changed)
    return done


_RECOGNIZE_WRITE = Write(_recognize)


class SqlIdentityStore(FeatureStore):
    """See gateway.ports.accounts.IdentityStore."""

    async def user_of_subject(self, subject: str) -> User | None:
        """See gateway.ports.accounts.IdentityStore."""
        rows = await self._readers.read(lambda db: db.rows(_BY_SUBJECT, key=storable(subject)))
        return read_user(rows[0]) if len(rows) == 1 else None

    async def users_of_person(self, person: str) -> Sequence[User]:
        """See gateway.ports.accounts.IdentityStore."""
        return [
            read_user(row) for row in await self._readers.read(lambda db: db.rows(_OF_PERSON, key=storable(person)))
        ]

    async def recognize(self, user: User, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.IdentityStore."""
        return await self._writer.write(_RECOGNIZE_WRITE, (user, entry))
