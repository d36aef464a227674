"""API tokens. Only their hashes are stored, so that reading the database does not give access."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Double, bindparam, func, select, update

from gateway.core.accounts.account import Token, User
from gateway.core.policy.decision import AuditEntry
from gateway.store.accounts.users import ID_LENGTH, USER, read_user
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import accounts as account_tables
from gateway.store.schema import messages as schema

_u, _t = account_tables.users.c, account_tables.tokens.c
_TOKEN = (_t.hash, _t.scope, _t.created_at, _t.expires_at, _t.revoked_at, _t.used_at)
_INSERT = batch_insert(account_tables.tokens, ignore_existing=True)
_BY_HASH = Statement(
    lambda sql: (
        select(*USER, *_TOKEN)
        .join_from(account_tables.tokens, account_tables.users, _u.name == _t.user_name)
        .where(_t.hash == bindparam("key"), _u.disabled_at.is_(None))
    )
)
_ALL = Statement(lambda sql: select(_t.user_name, *_TOKEN).order_by(_t.user_name, _t.created_at))
_TOUCH = Statement(
    lambda sql: (
        update(account_tables.tokens).where(_t.hash == bindparam("key")).values(used_at=bindparam("at", type_=Double()))
    )
)
_REVOKE = Statement(
    lambda sql: (
        update(account_tables.tokens)
        .where(func.substr(_t.hash, schema.lit(1), schema.lit(ID_LENGTH)) == bindparam("key"), _t.revoked_at.is_(None))
        .values(revoked_at=bindparam("at"))
        .returning(_t.user_name)
    )
)
REVOKE_ALL = Statement(
    lambda sql: (
        update(account_tables.tokens)
        .where(_t.user_name == bindparam("key"), _t.revoked_at.is_(None))
        .values(revoked_at=bindparam("at"))
    )
)
"""Ends every token of an account."""


def _read_token(row: Row) -> Token:
    name, token_hash, scope, *times = row
    return Token(token_hash[:ID_LENGTH], name, scope == "read", *times)


def _add(db: Database, items: Sequence[tuple[str, Token, AuditEntry]]) -> list[None]:
    for token_hash, token, entry in items:
        row = {
            "hash": token_hash, "user_name": token.user, "scope": "read" if token.reads_only else "all",
            "created_at": db.now, "expires_at": token.expires_at, "revoked_at": None, "used_at": None,
        }  # fmt: skip
        db.batch(_INSERT, [row])
        audit.write(db, [entry])
    return [None] * len(items)


def _touch(db: Database, items: Sequence[str]) -> list[None]:
    for token_hash in items:
        db.change(_TOUCH, key=token_hash, at=db.now)
    return [None] * len(items)


def _revoke(db: Database, items: Sequence[tuple[str, AuditEntry]]) -> list[str | None]:
    answers: list[str | None] = []
    for id_, entry in items:
        owners = db.rows(_REVOKE, key=id_, at=db.now)
        answers.append(owners[0][0] if owners else None)
        audit.write(db, [replace(entry, detail={**entry.detail, "user": owners[0][0]})] if owners else [])
    return answers


_ADD_WRITE, _TOUCH_WRITE, _REVOKE_WRITE = Write(_add), Write(_touch), Write(_revoke)


class SqlTokenStore(FeatureStore):
    """See gateway.ports.accounts.TokenStore."""

    async def add(self, token_hash: str, token: Token, entry: AuditEntry) -> None:
        """See gateway.ports.accounts.TokenStore."""
        await self._writer.write(_ADD_WRITE, (token_hash, token, entry))

    async def find(self, token_hash: str) -> tuple[User, Token] | None:
        """See gateway.ports.accounts.TokenStore."""
        rows = await self._readers.read(lambda db: db.rows(_BY_HASH, key=token_hash))
        return (read_user(rows[0]), _read_token((rows[0][0], *rows[0][len(USER) :]))) if rows else None

    async def touch(self, token_hash: str) -> None:
        """See gateway.ports.accounts.TokenStore."""
        await self._writer.write(_TOUCH_WRITE, token_hash)

    async def list_all(self) -> Sequence[Token]:
        """See gateway.ports.accounts.TokenStore."""
        return [_read_token(row) for row in await self._readers.read(lambda db: db.rows(_ALL))]

    async def revoke(self, id_: str, entry: AuditEntry) -> str | None:
        """See gateway.ports.accounts.TokenStore."""
        return await self._writer.write(_REVOKE_WRITE, (storable(id_), entry))
