"""Personal accounts that administrators decide on, organizations, and the lists of both."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import bindparam, delete, func, select, update

from gateway.core.messages.parties import AccountBasis
from gateway.core.policy.decision import AuditEntry
from gateway.core.relation.answers import Answered
from gateway.core.relation.personal_account import AccountStatus, Organization, StoredAccount
from gateway.ports.directory_accounts import Sightings, UnknownAddress
from gateway.store.audit import audit
from gateway.store.directory_accounts.sightings import INSERT_ACCOUNT, SeenWriter, answered, count_students, record
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import directory as tables
from gateway.store.schema import messages as schema

_a, _o, _u = tables.directory_accounts.c, tables.directory_organizations.c, tables.directory_unknown.c
_COLUMNS = tuple(tables.directory_accounts.c)
_OF_STATUS = Statement(
    lambda sql: (
        select(*_COLUMNS)
        .where(_a.status == bindparam("status"))
        .order_by(_a.last_at.desc(), _a.address, _a.person)
        .limit(bindparam("limit"))
    )
)
_ALL = Statement(
    lambda sql: select(*_COLUMNS).order_by(_a.last_at.desc(), _a.address, _a.person).limit(bindparam("limit"))
)
_DECIDED = Statement(lambda sql: select(*_COLUMNS).where(_a.decided_at > schema.lit(0)).order_by(_a.decided_at))
_OF_ADDRESS = Statement(lambda sql: select(*_COLUMNS).where(_a.address == bindparam("address")).order_by(_a.person))
_CHANGE = Statement(
    lambda sql: (
        update(tables.directory_accounts)
        .where(_a.address == bindparam("key_address"), _a.person == bindparam("key_person"))
        .values(
            status=bindparam("new_status"),
            decided_by=bindparam("by"),
            decided_at=bindparam("at"),
            reason=bindparam("why"),
        )
    )
)
_ORGANIZATIONS = Statement(
    lambda sql: (
        select(_o.name, _o.label, _o.decided_by, _o.decided_at).where(_o.removed == schema.lit(0)).order_by(_o.name)
    )
)
_INSERT_ORGANIZATION = batch_insert(tables.directory_organizations, ignore_existing=True)
_CHANGE_ORGANIZATION = Statement(
    lambda sql: (
        update(tables.directory_organizations)
        .where(_o.name == bindparam("key"))
        .values(
            label=bindparam("new_label"), removed=schema.lit(0), decided_by=bindparam("by"), decided_at=bindparam("at")
        )
    )
)
_REMOVE_ORGANIZATION = Statement(
    lambda sql: (
        update(tables.directory_organizations)
        .where(_o.name == bindparam("key"), _o.removed == schema.lit(0))
        .values(removed=schema.lit(1), decided_by=bindparam("by"), decided_at=bindparam("at"))
    )
)
_MARK = Statement(
    lambda sql: select(
        select(func.max(_a.decided_at)).scalar_subquery(),
        select(func.count()).where(_a.decided_at > schema.lit(0)).scalar_subquery(),
        select(func.max(_o.decided_at)).scalar_subquery(),
        select(func.count()).where(_o.removed == schema.lit(0)).scalar_subquery(),
    )
)
_UNKNOWN = Statement(
    lambda sql: (
        select(_u.address, _u.messages, _u.first_at, _u.last_at)
        .order_by(_u.messages.desc(), _u.address)
        .limit(bindparam("limit"))
    )
)
_FORGET = Statement(lambda sql: delete(tables.directory_unknown).where(sql.among(_u.address)))


def _read(row: Row) -> StoredAccount:
    address, person, status, basis, *more = row
    return StoredAccount(address, person, AccountStatus(status), AccountBasis(basis), *more)


def _of_address(db: Database, address: str) -> dict[str, StoredAccount]:
    return {account.person: account for account in map(_read, db.rows(_OF_ADDRESS, address=address))}


def _decide(db: Database, items: Sequence[tuple[StoredAccount, AuditEntry]]) -> list[StoredAccount]:
    decided = []
    for account, entry in items:
        known = _of_address(db, account.address)
        if account.person not in known:
            db.batch(
                INSERT_ACCOUNT,
                [
                    {
                        "address": account.address, "person": account.person, "status": AccountStatus.GUESSED,
                        "basis": account.basis, "confidence": account.confidence, "messages": 0, "first_at": entry.at,
                        "last_at": entry.at, "decided_by": "", "decided_at": 0.0, "reason": "",
                    }
                ],
            )  # fmt: skip
        changes = {account.person: account.status}
        if account.status is AccountStatus.CONFIRMED:
            others = (other for other in known.values() if other.person != account.person)
            changes |= {
                other.person: AccountStatus.REFUSED for other in others if other.status is not AccountStatus.REFUSED
            }
        for person, status in changes.items():
            db.change(
                _CHANGE, key_address=account.address, key_person=person, new_status=status,
                by=storable(account.decided_by), at=entry.at, why=storable(account.reason),
            )  # fmt: skip
        audit.write(db, [entry])
        decided.append(_of_address(db, account.address)[account.person])
    return decided


def _register(db: Database, items: Sequence[tuple[Organization, AuditEntry]]) -> list[None]:
    for organization, entry in items:
        name, label, by = organization.name, storable(organization.label), storable(organization.decided_by)
        row = {"name": name, "label": label, "removed": 0, "decided_by": by, "decided_at": entry.at}
        if not db.batch(_INSERT_ORGANIZATION, [row]):
            db.change(_CHANGE_ORGANIZATION, key=name, new_label=label, by=by, at=entry.at)
        audit.write(db, [entry])
    return [None] * len(items)


def _remove(db: Database, items: Sequence[tuple[str, AuditEntry]]) -> list[bool]:
    removed = []
    for name, entry in items:
        changed = bool(db.change(_REMOVE_ORGANIZATION, key=name, by=storable(entry.actor), at=entry.at))
        if changed:
            audit.write(db, [entry])
        removed.append(changed)
    return removed


def _forget(db: Database, items: Sequence[Sequence[str]]) -> list[None]:
    for addresses in items:
        db.change(_FORGET, ids=list(addresses))
    return [None] * len(items)


_DECIDE, _REGISTER, _REMOVE = Write(_decide), Write(_register), Write(_remove)
_RECORD, _COUNT, _FORGET_WRITE = Write(record, rank=2), Write(count_students, rank=2), Write(_forget, rank=2)


class SqlDirectoryAccountStore(FeatureStore):
    """See gateway.ports.directory_accounts.DirectoryAccountStore."""

    async def accounts(self, status: AccountStatus | None, limit: int) -> Sequence[StoredAccount]:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        if status is None:
            rows = await self._readers.read(lambda db: db.rows(_ALL, limit=limit))
        else:
            rows = await self._readers.read(lambda db: db.rows(_OF_STATUS, status=str(status), limit=limit))
        return [_read(row) for row in rows]

    async def account(self, address: str, person: str) -> StoredAccount | None:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        return (await self._readers.read(partial(_of_address, address=storable(address)))).get(person)

    async def decide(self, account: StoredAccount, entry: AuditEntry) -> StoredAccount:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        account = replace(account, address=storable(account.address), person=storable(account.person))
        return await self._writer.write(_DECIDE, (account, entry))

    async def organizations(self) -> Sequence[Organization]:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        return [Organization(*row) for row in await self._readers.read(lambda db: db.rows(_ORGANIZATIONS))]

    async def register_organization(self, organization: Organization, entry: AuditEntry) -> None:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        await self._writer.write(_REGISTER, (organization, entry))

    async def remove_organization(self, name: str, entry: AuditEntry) -> bool:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        return await self._writer.write(_REMOVE, (storable(name), entry))

    async def mark(self) -> object:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        return await self._readers.read(lambda db: tuple(db.rows(_MARK)[0]))

    async def decided(self) -> Sequence[StoredAccount]:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        return [_read(row) for row in await self._readers.read(lambda db: db.rows(_DECIDED))]

    async def unknown(self, limit: int) -> Sequence[UnknownAddress]:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        rows = await self._readers.read(lambda db: db.rows(_UNKNOWN, limit=limit))
        return [UnknownAddress(*row) for row in rows]

    async def forget_unknown(self, addresses: Collection[str]) -> None:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        await self._writer.write(_FORGET_WRITE, tuple(addresses))

    async def record(self, sightings: Sightings) -> None:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        await self._writer.write(_RECORD, sightings)

    async def answered(self, message_ids: Sequence[str]) -> Sequence[Answered]:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        ids = [storable(id_) for id_ in message_ids]
        return await self._readers.read(partial(answered, message_ids=ids))

    async def count_students(self, author: str, students: Collection[str], at: float, within: float) -> Sequence[str]:
        """See gateway.ports.directory_accounts.DirectoryAccountStore."""
        seen = SeenWriter(storable(author), tuple(map(storable, students)), at, within)
        return await self._writer.write(_COUNT, seen)
