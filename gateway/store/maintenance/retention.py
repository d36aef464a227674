"""Retention: deletes content that has expired, unless a case, a legal hold or a recipient still needs it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, exists, func, or_, select

from gateway.core.messages.delivery import FINAL
from gateway.core.policy.work_kinds import ReviewOutcome
from gateway.ports.maintenance import NOTHING_LONGER
from gateway.store.engine.cache import RecentMessages
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write, Writer
from gateway.store.engine.readers import Readers
from gateway.store.help.alerts import is_forgotten, is_unacknowledged
from gateway.store.maintenance import purges
from gateway.store.maintenance.clock import READ_MARK, WRITE_MARK
from gateway.store.maintenance.metadata import DELETE_ROWS, OldRows, ids_after, old_ids
from gateway.store.messages.media import DELETE_MEDIA
from gateway.store.schema import cases as case_tables
from gateway.store.schema import messages as schema
from gateway.store.schema.accounts import held_changes
from gateway.store.schema.contact import contact_findings
from gateway.store.schema.flags import review_work
from gateway.store.schema.help import acknowledgements, alert_judgments

BATCH_SIZE = 100
"""Contents that one transaction deletes, at most."""
KEPT_CHANGES = 20_000
"""Changes of the queue that are kept for consoles that have not seen them."""
CONTACT_SECONDS = 43 * 86400.0
"""Seconds that a contact is kept at least. Counters look back six weeks."""
SMS_SECONDS = 8 * 86400.0
"""Seconds that ids of the SMSC are kept, for late receipts, and copies of parts."""
ACKNOWLEDGMENT_SECONDS = 92 * 86400.0
"""Seconds that an acknowledgment is kept at least. The console lists those of ninety days."""
CATCH_UP = 24.0
"""Seconds by which retention goes on in each second in which the clock ran without a jump.

After a time in which nothing ran, it catches up. A clock that is wrong by years deletes no more than a day's content in
an hour.
"""
_ACTIONS = {"held": "hold", "flagged": "flag", "alerted": "alert"}
_MORE_BATCHES = 20
VERDICT_SECONDS = 86400.0
"""Seconds in which a verdict may come: content that was delivered without one is classified before it expires."""

_c, _p = schema.contents.c, schema.publications.c
_r, _t, _v = schema.recipients.c, schema.contacts.c, schema.verdicts.c
_g, _h, _k, _j = contact_findings.c, held_changes.c, acknowledgements.c, alert_judgments.c
_w = review_work.c


def _falls_under(number: int) -> ColumnElement[bool]:
    """Whether a recipient falls under one of the longer periods, by its action or by a clause of its decision."""
    by_action = _r.action == bindparam(f"action_{number}")
    return and_(_r.marked == schema.lit(1), or_(by_action, _r.decision.like(bindparam(f"clause_{number}"))))


def _expired(of_message: ColumnElement[str], rules: int) -> ColumnElement[bool]:
    """Whether every recipient is final and past its period, nothing names the message, and no verdict may come.

    The first of the longer periods that a recipient falls under counts: they are in order, the longest first.
    """
    reviewed = exists().where(  # a clean message in the sample is kept until somebody has looked at it
        _w.message_id == of_message,
        or_(_w.closed_at.is_(None), _w.outcome == schema.lit(ReviewOutcome.VIOLATION.value)),
    )
    longer: list[tuple[ColumnElement[bool], ColumnElement[float]]] = [
        (_falls_under(number), bindparam(f"period_{number}")) for number in range(rules)
    ]
    period = case(
        *longer, (or_(_r.marked == schema.lit(1), reviewed), bindparam("decided")), else_=bindparam("delivered")
    )
    final = _r.state.in_([schema.lit(state.value) for state in sorted(FINAL)])
    return (
        ~exists().where(_r.message_id == of_message, ~final | (_r.changed_at > bindparam("now") - period))
        & ~exists().where(case_tables.case_messages.c.message_id == of_message)
        & ~exists().where(case_tables.legal_holds.c.message_id == of_message)
        & ~exists().where(_p.message_id == of_message, _p.received_at > bindparam("now") - bindparam("unread"))
    )


@cache
def _find_expired_contents(rules: int) -> Statement:
    return Statement(
        lambda sql: (
            select(_c.message_id)
            .where(_c.message_id > bindparam("after"), _expired(_c.message_id, rules))
            .order_by(_c.message_id)
            .limit(bindparam("limit"))
        )
    )


@cache
def _delete_expired_contents(rules: int) -> Statement:
    return Statement(
        lambda sql: (
            delete(schema.contents)
            .where(sql.among(_c.message_id), _expired(_c.message_id, rules))
            .returning(_c.message_id)
        )
    )


_DELETE_TURNS = Statement(lambda sql: delete(schema.text_turns).where(sql.among(schema.text_turns.c.message_id)))
_DELETE_PUBLICATIONS = Statement(
    lambda sql: delete(schema.publications).where(sql.among(schema.publications.c.message_id))
)
_DELETE_PARTS = Statement(lambda sql: delete(schema.text_parts).where(sql.among(schema.text_parts.c.message_id)))
_DELETE_OLD_COPIES = Statement(
    lambda sql: delete(schema.text_parts).where(
        schema.text_parts.c.waiting == schema.lit(2), schema.text_parts.c.at < bindparam("before")
    )
)
_DELETE_OLD_IDS = Statement(lambda sql: delete(schema.text_ids).where(schema.text_ids.c.at < bindparam("before")))
# By time, not by id: the id of a text may be derived from the provider's.
_DELETE_OLD_CONTACTS = Statement(
    lambda sql: delete(schema.contacts).where(
        _t.message_id.in_(
            select(_t.message_id).where(_t.at < bindparam("before")).order_by(_t.at).limit(schema.lit(BATCH_SIZE))
        ),
        _t.at < bindparam("before"),
    )
)
_DELETE_OLD_FINDINGS = Statement(
    lambda sql: delete(contact_findings).where(
        _g.message_id.in_(
            select(_g.message_id).where(_g.at < bindparam("before")).order_by(_g.at).limit(schema.lit(BATCH_SIZE))
        ),
        _g.at < bindparam("before"),
    )
)
_DELETE_OLD_VERDICTS = Statement(
    lambda sql: delete(schema.verdicts).where(
        _v.message_id.in_(
            select(_v.message_id)
            .where(
                _v.at < bindparam("before"),
                ~exists().where(_c.message_id == _v.message_id),
                ~is_unacknowledged(_v.message_id),  # an alert is repeated until somebody acknowledges it
            )
            .order_by(_v.at)
            .limit(schema.lit(BATCH_SIZE))
        )
    )
)
# An acknowledgment is deleted after content and verdict: before, the alert would wait for somebody again.
_DELETE_OLD_ACKNOWLEDGMENTS = Statement(
    lambda sql: delete(acknowledgements).where(
        _k.message_id.in_(
            select(_k.message_id)
            .where(_k.at < bindparam("before"), is_forgotten(_k.message_id))
            .order_by(_k.at)
            .limit(schema.lit(BATCH_SIZE))
        )
    )
)
_DELETE_OLD_JUDGMENTS = Statement(
    lambda sql: delete(alert_judgments).where(
        _j.message_id.in_(
            select(_j.message_id)
            .where(is_forgotten(_j.message_id))
            .order_by(_j.message_id)
            .limit(schema.lit(BATCH_SIZE))
        )
    )
)
_COUNT_CONTENTS = Statement(lambda sql: select(func.count(_c.message_id)))
_NEWEST_MESSAGE = Statement(  # by id: no index on the time is worth its cost
    lambda sql: select(
        select(schema.messages.c.received_at)
        .order_by(schema.messages.c.id.desc())
        .limit(schema.lit(1))
        .scalar_subquery()
    )
)
_NEWEST_CHANGE = select(func.max(_h.id)).scalar_subquery()
_DELETE_OLD_CHANGES = Statement(
    lambda sql: delete(held_changes).where(
        _h.id.in_(
            select(_h.id)
            .where(_h.id < _NEWEST_CHANGE - schema.lit(KEPT_CHANGES))
            .order_by(_h.id)
            .limit(schema.lit(BATCH_SIZE))
        )
    )
)


@dataclass(frozen=True, slots=True)
class _RetentionPeriods:
    delivered: float
    decided: float
    until: float  # what had expired at this time is deleted
    longer: tuple[tuple[str, float], ...] = ()  # by action or clause, the longest first

    def now(self, db: Database) -> float:
        return min(db.now, self.until)

    def parameters(self, db: Database) -> dict[str, object]:
        """What the statements about expired contents need."""
        rules: dict[str, object] = {}
        for number, (name, period) in enumerate(self.longer):
            rules[f"action_{number}"] = _ACTIONS.get(name, "")
            rules[f"clause_{number}"] = "" if name in _ACTIONS else f'%"{name}"%'
            rules[f"period_{number}"] = max(period, self.decided)
        return {
            "now": self.now(db), "delivered": self.delivered, "decided": self.decided, "unread": VERDICT_SECONDS,
            **rules,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _ExpiredContents:
    ids: Sequence[str]
    periods: _RetentionPeriods


def _find_expired(db: Database, periods: _RetentionPeriods, after: str, limit: int) -> list[str]:
    rows = db.rows(_find_expired_contents(len(periods.longer)), after=after, limit=limit, **periods.parameters(db))
    return [row[0] for row in rows]


def _delete(db: Database, items: Sequence[_ExpiredContents]) -> list[int]:
    return [_delete_contents(db, item) for item in items]


def _delete_contents(db: Database, expired: _ExpiredContents) -> int:
    periods = expired.periods
    rows = db.rows(_delete_expired_contents(len(periods.longer)), ids=list(expired.ids), **periods.parameters(db))
    deleted = [row[0] for row in rows]
    purges.count_contents(db, deleted)
    db.change(_DELETE_TURNS, ids=deleted)
    db.change(_DELETE_PUBLICATIONS, ids=deleted)
    db.change(_DELETE_PARTS, ids=deleted)
    db.change(DELETE_MEDIA, ids=deleted)
    return len(deleted)


def _sweep(db: Database, items: Sequence[_RetentionPeriods]) -> list[int]:
    """Delete contacts, verdicts, acknowledgments and judgments whose longest period has passed, and old SMS ids."""
    swept = []
    for periods in items:
        now = periods.now(db)
        before = now - max(periods.delivered, periods.decided, CONTACT_SECONDS)
        sms = now - SMS_SECONDS
        acknowledged = now - max(periods.delivered, periods.decided, ACKNOWLEDGMENT_SECONDS)
        rows = {
            "rows contacts": db.change(_DELETE_OLD_CONTACTS, before=before),
            "rows contact findings": db.change(_DELETE_OLD_FINDINGS, before=before),
            "rows verdicts": db.change(_DELETE_OLD_VERDICTS, before=before),
            "rows acknowledgments": db.change(_DELETE_OLD_ACKNOWLEDGMENTS, before=acknowledged),
            "rows judgments": db.change(_DELETE_OLD_JUDGMENTS),
            "rows text ids": db.change(_DELETE_OLD_IDS, before=sms),
            "rows text copies": db.change(_DELETE_OLD_COPIES, before=sms),
        }
        purges.count(db, rows)
        swept.append(sum(rows.values()) + db.change(_DELETE_OLD_CHANGES))
    return swept


def _advance(db: Database, items: Sequence[float]) -> list[float]:
    """Move the mark of retention on, but not past the present. Without a mark, it is the newest message's time."""
    found = db.rows(READ_MARK, name="retention")
    mark = found[0][0] if found else db.rows(_NEWEST_MESSAGE)[0][0]
    answers = []
    for seconds in items:
        mark = min(db.now, db.now if mark is None else mark + CATCH_UP * seconds)
        answers.append(mark)
    db.change(WRITE_MARK, name="retention", at=mark)
    return answers


_DELETE_WRITE = Write(_delete, rank=2)
_SWEEP_WRITE = Write(_sweep, rank=2)
_ADVANCE_WRITE = Write(_advance, rank=2)


class SqlRetentionStore(FeatureStore):
    """See gateway.ports.maintenance.RetentionStore."""

    def __init__(self, writer: Writer, readers: Readers, recent: RecentMessages) -> None:
        super().__init__(writer, readers, recent)
        self._looked_at = ""  # the last message whose rows were looked at

    async def advance(self, seconds: float) -> float:
        """See gateway.ports.maintenance.RetentionStore."""
        return await self._writer.write(_ADVANCE_WRITE, seconds)

    async def count_contents(self) -> int:
        """See gateway.ports.maintenance.RetentionStore."""
        return int(await self._readers.read(lambda db: db.rows(_COUNT_CONTENTS)[0][0]))

    async def expire(
        self, delivered: float, decided: float, limit: int, until: float = math.inf,
        longer: Mapping[str, float] = NOTHING_LONGER,
    ) -> int:  # fmt: skip
        """See gateway.ports.maintenance.RetentionStore. Contacts and verdicts live longer than the content."""
        rules = tuple(sorted(longer.items(), key=lambda rule: (-rule[1], rule[0])))
        periods = _RetentionPeriods(delivered, decided, until, rules)
        deleted, after = 0, ""
        while deleted < limit:
            batch = min(BATCH_SIZE, limit - deleted)
            ids = await self._readers.read(partial(_find_expired, periods=periods, after=after, limit=batch))
            if not ids:
                break
            deleted += await self._writer.write(_DELETE_WRITE, _ExpiredContents(ids, periods))
            after = ids[-1]
        while await self._writer.write(_SWEEP_WRITE, periods):
            pass
        return deleted

    async def record_purges(self) -> None:
        """See gateway.ports.maintenance.RetentionStore."""
        await self._writer.write(purges.RECORD, None)

    async def delete_rows(self, before: float, limit: int) -> int:
        """See gateway.ports.maintenance.RetentionStore.

        Ids begin with the time of acceptance for all but some texts: the first ones are looked at each time, and then
        some more, where the last call stopped.
        """
        deleted, after = 0, ""
        while deleted < limit:
            after, found = await self._delete_rows(after, before, limit - deleted)
            deleted += found
            if not found:
                break
        for _ in range(_MORE_BATCHES):
            if deleted >= limit:
                break
            self._looked_at, found = await self._delete_rows(self._looked_at, before, limit - deleted)
            deleted += found
            if not self._looked_at:
                break
        return deleted

    async def _delete_rows(self, after: str, before: float, limit: int) -> tuple[str, int]:
        """Delete what is old of the next messages; the last id that was looked at ("" at the end), and how many."""
        ids = await self._readers.read(partial(ids_after, after=after))
        rows = OldRows(ids, before)
        old = await self._readers.read(partial(old_ids, rows=rows)) if ids else []
        deleted = await self._writer.write(DELETE_ROWS, OldRows(old[:limit], before)) if old else 0
        return (ids[-1] if ids else ""), deleted
