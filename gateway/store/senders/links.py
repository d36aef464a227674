"""Links by which staff sign in to see their own messages: short-lived, used once, and counted to limit them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, select, update

from gateway.core.messages.followup import Followup
from gateway.core.policy.decision import AuditEntry
from gateway.ports.accounts import LinkCounts
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import followups as followup_rows
from gateway.store.schema import messages as schema
from gateway.store.schema.senders import sign_in_links

_REMEMBERED_SECONDS = 86400.0

_l = sign_in_links.c
_ADD = batch_insert(sign_in_links)
_DELETE_OLD = Statement(lambda sql: delete(sign_in_links).where(_l.at < bindparam("before")))
_OF_PERSON = Statement(
    lambda sql: select(func.count()).where(
        _l.at > bindparam("since"), _l.person == bindparam("person"), _l.person != schema.lit("")
    )
)
_OF_CLIENT = Statement(
    lambda sql: select(func.count()).where(_l.at > bindparam("since"), _l.client == bindparam("client"))
)
_USE = Statement(
    lambda sql: (
        update(sign_in_links)
        .where(_l.hash == bindparam("key"), _l.used_at.is_(None), _l.expires_at > bindparam("now"))
        .values(used_at=bindparam("moment"))
        .returning(_l.person)
    )
)
_Item = tuple[str, str, str, float, Sequence[Followup], AuditEntry | None]


def _add(db: Database, items: Sequence[_Item]) -> list[None]:
    db.change(_DELETE_OLD, before=db.now - _REMEMBERED_SECONDS)
    for link_hash, person, client, lifetime, followups, entry in items:
        row = {
            "hash": link_hash, "person": storable(person), "client": storable(client), "at": db.now,
            "expires_at": db.now + lifetime, "used_at": None,
        }  # fmt: skip
        db.batch(_ADD, [row])
        followup_rows.write(db, followups)
        audit.write(db, [entry] if entry is not None else [])
    return [None] * len(items)


def _use(db: Database, items: Sequence[str]) -> list[str]:
    found = []
    for link_hash in items:
        rows = db.rows(_USE, key=link_hash, now=db.now, moment=db.now)
        found.append(str(rows[0][0]) if rows else "")
    return found


_ADD_WRITE, _USE_WRITE = Write(_add), Write(_use)


class SqlSignInLinkStore(FeatureStore):
    """See gateway.ports.accounts.SignInLinkStore."""

    async def count(self, person: str, client: str, since: float) -> LinkCounts:
        """See gateway.ports.accounts.SignInLinkStore."""

        def count(db: Database) -> LinkCounts:
            ((of_person,),) = db.rows(_OF_PERSON, since=since, person=storable(person))
            ((of_client,),) = db.rows(_OF_CLIENT, since=since, client=storable(client))
            return LinkCounts(of_person, of_client)

        return await self._readers.read(count)

    async def add(
        self, link_hash: str, person: str, client: str, lifetime: float, followups: Sequence[Followup],
        entry: AuditEntry | None,
    ) -> None:  # fmt: skip
        """See gateway.ports.accounts.SignInLinkStore."""
        await self._writer.write(_ADD_WRITE, (link_hash, person, client, lifetime, followups, entry))

    async def use(self, link_hash: str) -> str:
        """See gateway.ports.accounts.SignInLinkStore."""
        return await self._writer.write(_USE_WRITE, link_hash)
