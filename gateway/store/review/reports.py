"""What reports count: copies that the policy held, and traffic. Queries use indexes on the time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from gateway.core.messages.delivery import State
from gateway.core.review.report import HeldCopy
from gateway.store.engine.columns import decode_decision, decode_envelope, decode_verdict_text
from gateway.store.engine.dialects import Database, Row, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.schema import messages as schema
from gateway.store.schema.review import policies

_m, _r, _v, _x, _o = schema.messages.c, schema.recipients.c, schema.verdicts.c, schema.contacts.c, policies.c

_HELD_COPIES = Statement(
    lambda sql: (
        select(
            _m.received_at, _r.decided_at, _r.decided_by, _r.state, _m.channel, _r.decision, _v.verdict, _m.envelope,
            _r.position,
        )
        .join_from(schema.recipients, schema.messages, _m.id == _r.message_id)
        .join(schema.verdicts, _v.message_id == _m.id, isouter=True)
        .where(
            _r.marked == schema.lit(1), _r.action == schema.lit("hold"), _r.decided_at >= bindparam("since"),
            _m.received_at >= bindparam("since_again"), _m.received_at < bindparam("before"),
        )
        .order_by(_r.decided_at.desc())
        .limit(bindparam("limit"))
    )
)  # fmt: skip
_received = select(_x.message_id).where(_x.at >= bindparam("since"), _x.at < bindparam("before"))
_VOLUME = Statement(
    lambda sql: (
        select(_r.channel, func.coalesce(_r.action, schema.lit("none")), func.count())
        .where(_r.message_id.in_(_received))  # each copy once, for any number of pairs
        .group_by(_r.channel, func.coalesce(_r.action, schema.lit("none")))
    )
)


def _read_held_copy(row: Row) -> HeldCopy:
    received_at, decided_at, decided_by, state, channel, decision, verdict, envelope, position = row
    decoded = decode_decision(decision)
    enveloped, relation = decode_envelope(envelope)
    return HeldCopy(
        received_at, decided_at, decided_by, State(state), channel, decoded.direction.value, decoded.clauses,
        decode_verdict_text(verdict).language if verdict else "",
        relation.pairs_of(enveloped.recipients[position].address),
    )  # fmt: skip


def _volume(db: Database, since: float, before: float) -> Counter[tuple[str, str]]:
    return Counter({(row[0], row[1]): row[2] for row in db.rows(_VOLUME, since=since, before=before)})


class SqlReportStore(FeatureStore):
    """See gateway.ports.reports.ReportStore."""

    async def holdings(self, since: float, before: float, limit: int) -> Sequence[HeldCopy]:
        """See gateway.ports.reports.ReportStore."""

        def read(db: Database) -> list[HeldCopy]:
            rows = db.rows(_HELD_COPIES, since=since, since_again=since, before=before, limit=limit)
            return [_read_held_copy(row) for row in rows if row[5] is not None]

        return await self._readers.read(read)

    async def volume(self, since: float, before: float) -> Counter[tuple[str, str]]:
        """See gateway.ports.reports.ReportStore."""
        return await self._readers.read(lambda db: _volume(db, since, before))
