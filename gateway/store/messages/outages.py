"""Recipients behind a next hop that is down: whose delivery ends meanwhile, and who is due soon when it is back.

Calls for help are due at once then, others one after the other within some seconds.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from sqlalchemy import BindParameter, ColumnElement, Double, and_, bindparam, case, func, not_, or_, select, update

from gateway.core.messages.delivery import NextHop
from gateway.store.engine.dialects import Database, SqlDialect, Statement
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema

_r = schema.recipients.c
_now: BindParameter[float] = bindparam("now", type_=Double())
_within: BindParameter[float] = bindparam("within", type_=Double())
is_late = or_(
    _r.queued_at <= bindparam("ended", type_=Double()),
    and_(_r.queued_at <= bindparam("untold", type_=Double()), _r.warned_at.is_(None)),
)
"""The lifetime of its delivery is over, or its sender is to be told of the delay."""
is_alert = func.coalesce(_r.action, schema.lit("")) == schema.lit("alert")
"""A call for help goes to it."""


def served(sql: SqlDialect, *, default: bool) -> ColumnElement[bool]:
    """Whether a hop serves a recipient. `domains`: those of the hop, or those of the other hops."""
    named = sql.among(_r.domain, "domains")
    return not_(named) if default else named


@functools.cache
def _bring_forward_statement(channel: str, default: bool) -> Statement:
    def build(sql: SqlDialect):  # type: ignore[no-untyped-def]
        unreached = or_(
            func.substr(_r.reply, 1, 7) == schema.lit("451 4.4"), func.substr(_r.reply, 1, 4) == schema.lit("421 ")
        )
        which = and_(
            _r.channel == schema.lit(channel), _r.next_attempt_at > _now, _r.state == schema.lit("queued"),
            _r.token.is_(None), unreached, served(sql, default=default),
        )  # fmt: skip
        longest = select(func.max(_r.next_attempt_at) - _now).where(which).scalar_subquery()
        sooner = case((is_alert, _now), else_=_now + (_r.next_attempt_at - _now) * _within / longest)
        far = or_(is_alert, _r.next_attempt_at > _now + _within)
        return update(schema.recipients).where(which, far).values(next_attempt_at=sooner)

    return Statement(build)


def _bring_forward(db: Database, items: Sequence[tuple[NextHop, float]]) -> list[None]:
    for hop, within in items:
        domains = sorted(hop.others if hop.default else hop.domains)
        db.change(_bring_forward_statement(hop.channel, hop.default), now=db.now, within=within, domains=domains)
    return [None] * len(items)


BRING_FORWARD = Write(_bring_forward, rank=4)
