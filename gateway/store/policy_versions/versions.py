"""The policies that are or were in force: their texts by hash, and their versions by number.

A new version gets the next number, so that of two processes that publish at once only one succeeds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import bindparam, func, select, update

from gateway.core.policy.decision import AuditEntry
from gateway.core.policy_versions.version import NewPolicy, PolicyPeriod, ProposalState, PublishedPolicy
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema.messages import lit
from gateway.store.schema.policy import policy_proposals, policy_versions
from gateway.store.schema.review import policies

_o, _v, _p = policies.c, policy_versions.c, policy_proposals.c

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


_MAX_LEAD = 60.0
_PERIOD = (_v.number, _v.hash, _v.author, _v.seconded_by, _v.since, _v.note)
_MARK = Statement(lambda sql: select(func.coalesce(func.max(_v.number), lit(0))))
_PERIODS = Statement(lambda sql: select(*_PERIOD).order_by(_v.number.desc()))
_CURRENT = Statement(  # the last version that has begun, and all after it; the first where none has
    lambda sql: (
        select(*_PERIOD, _v.source, _v.adopted, _v.file_hash)
        .where(
            _v.number
            >= select(func.coalesce(func.max(_v.number), lit(0))).where(_v.since <= bindparam("now")).scalar_subquery()
        )
        .order_by(_v.number)
    )
)
_PUBLISHED = Statement(
    lambda sql: (
        select(*_PERIOD, _v.source, _v.adopted, _v.file_hash)
        .where(_v.number.in_([bindparam("first"), bindparam("second")]))
        .order_by(_v.number)
    )
)
_ADD_VERSION = batch_insert(policy_versions, ignore_existing=True)
_FILE_SEEN = Statement(
    lambda sql: update(policy_versions).where(_v.number == bindparam("key")).values(file_hash=bindparam("to"))
)
_LOCK_PROPOSAL = Statement(
    lambda sql: (
        select(_p.id)
        .where(_p.id == bindparam("key"), _p.state == lit(ProposalState.OPEN.value), _p.expires_at > bindparam("now"))
        .with_for_update()
    )
)
_END_PROPOSAL = Statement(
    lambda sql: (
        update(policy_proposals)
        .where(_p.id == bindparam("key"))
        .values(
            state=lit(ProposalState.PUBLISHED.value), ended_by=bindparam("by"), ended_at=bindparam("now"),
            version=bindparam("number"),
        )
    )
)  # fmt: skip


def _periods(rows: Sequence[Row]) -> list[PolicyPeriod]:
    """Periods of rows in the order of their numbers: each ends where the next begins, or an even later one."""
    periods: list[PolicyPeriod] = []
    until: float | None = None
    for number, hash_, author, seconded_by, since, note, *_ in reversed(rows):
        periods.append(PolicyPeriod(int(number), hash_, author, seconded_by, since, until, note))
        until = since if until is None else min(until, since)
    return periods[::-1]


def _published(rows: Sequence[Row]) -> list[PublishedPolicy]:
    return [PublishedPolicy(period, *row[6:]) for period, row in zip(_periods(rows), rows, strict=True)]


def _publish(
    db: Database, items: Sequence[tuple[NewPolicy, int, Sequence[AuditEntry]]]
) -> list[PublishedPolicy | None]:
    return [_publish_one(db, new, base, entries) for new, base, entries in items]


def _publish_one(db: Database, new: NewPolicy, base: int, entries: Sequence[AuditEntry]) -> PublishedPolicy | None:
    if db.rows(_MARK)[0][0] != base:
        return None
    if new.proposal and not db.rows(_LOCK_PROPOSAL, key=new.proposal, now=db.now):
        return None
    last = _published(db.rows(_PUBLISHED, first=base, second=base))
    since = db.now + new.lead
    if last and last[0].period.since < db.now + _MAX_LEAD:  # one further ahead was published by a wrong clock
        since = max(since, last[0].period.since)
    adopted = new.adopted if new.adopted is not None else last[0].adopted if last else ""
    file_hash = new.file_hash if new.file_hash is not None else last[0].file_hash if last else ""
    number, source, adopted = base + 1, storable(new.source), storable(adopted)
    row = {
        "number": number, "hash": new.hash, "source": source, "adopted": adopted, "file_hash": file_hash,
        "author": new.author, "seconded_by": new.seconded_by, "since": since, "note": new.note,
    }  # fmt: skip
    if db.batch(_ADD_VERSION, [row]) != 1:
        return None
    if new.proposal:
        db.change(_END_PROPOSAL, key=new.proposal, by=new.seconded_by or new.author, now=db.now, number=number)
    _record(db, [(new.hash, source, adopted)])
    audit.write(db, entries)
    period = PolicyPeriod(number, new.hash, new.author, new.seconded_by, since, None, new.note)
    return PublishedPolicy(period, source, adopted, file_hash)


def _file_seen(db: Database, items: Sequence[tuple[int, str]]) -> list[None]:
    for number, file_hash in items:
        db.change(_FILE_SEEN, key=number, to=file_hash)
    return [None] * len(items)


_RECORD_WRITE, _PUBLISH_WRITE, _FILE_SEEN_WRITE = Write(_record), Write(_publish), Write(_file_seen)


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

    async def mark(self) -> int:
        """See gateway.ports.review.PolicyVersionStore."""
        return int((await self._readers.read(lambda db: db.rows(_MARK)))[0][0])

    async def current(self) -> Sequence[PublishedPolicy]:
        """See gateway.ports.review.PolicyVersionStore."""
        return _published(await self._readers.read(lambda db: db.rows(_CURRENT, now=db.now)))

    async def periods(self) -> Sequence[PolicyPeriod]:
        """See gateway.ports.review.PolicyVersionStore."""
        rows = await self._readers.read(lambda db: db.rows(_PERIODS))
        return _periods(rows[::-1])[::-1]

    async def published(self, number: int) -> PublishedPolicy | None:
        """See gateway.ports.review.PolicyVersionStore."""
        rows = await self._readers.read(lambda db: db.rows(_PUBLISHED, first=number, second=number + 1))
        found = _published(rows)
        return found[0] if found and found[0].period.number == number else None

    async def publish(self, new: NewPolicy, base: int, entries: Sequence[AuditEntry]) -> PublishedPolicy | None:
        """See gateway.ports.review.PolicyVersionStore."""
        return await self._writer.write(_PUBLISH_WRITE, (new, base, entries))

    async def file_seen(self, number: int, file_hash: str) -> None:
        """See gateway.ports.review.PolicyVersionStore."""
        await self._writer.write(_FILE_SEEN_WRITE, (number, file_hash))
