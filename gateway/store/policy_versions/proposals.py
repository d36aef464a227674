"""Policies that wait for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from sqlalchemy import bindparam, select, update

from gateway.core.policy.decision import AuditEntry
from gateway.core.policy_versions.version import PolicyProposal, ProposalState
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema.messages import lit
from gateway.store.schema.policy import policy_proposals

_p = policy_proposals.c
_NAMES = tuple(field.name for field in fields(PolicyProposal))
_COLUMNS = tuple(_p[name] for name in _NAMES)
_ADD = batch_insert(policy_proposals)
_FIND = Statement(lambda sql: select(*_COLUMNS).where(_p.id == bindparam("key")))
_RECENT = Statement(lambda sql: select(*_COLUMNS).order_by(_p.at.desc(), _p.id).limit(bindparam("limit")))
_WITHDRAW = Statement(
    lambda sql: (
        update(policy_proposals)
        .where(_p.id == bindparam("key"), _p.state == lit(ProposalState.OPEN.value), _p.expires_at > bindparam("now"))
        .values(state=lit(ProposalState.WITHDRAWN.value), ended_by=bindparam("by"), ended_at=bindparam("now"))
    )
)


def _read(row: Row) -> PolicyProposal:
    proposal = PolicyProposal(*row)
    return replace(proposal, state=ProposalState(proposal.state))


def _add(db: Database, items: Sequence[tuple[PolicyProposal, AuditEntry]]) -> list[None]:
    for proposal, entry in items:
        values = {name: getattr(proposal, name) for name in _NAMES}
        db.batch(_ADD, [values | {"state": proposal.state.value}])
        audit.write(db, [entry])
    return [None] * len(items)


def _withdraw(db: Database, items: Sequence[tuple[str, AuditEntry]]) -> list[bool]:
    answers = []
    for id_, entry in items:
        answers.append(db.change(_WITHDRAW, key=id_, by=entry.actor, now=db.now) == 1)
        audit.write(db, [entry] * answers[-1])
    return answers


_ADD_WRITE, _WITHDRAW_WRITE = Write(_add), Write(_withdraw)


class SqlPolicyProposalStore(FeatureStore):
    """See gateway.ports.review.PolicyProposalStore."""

    async def add(self, proposal: PolicyProposal, entry: AuditEntry) -> None:
        """See gateway.ports.review.PolicyProposalStore."""
        await self._writer.write(_ADD_WRITE, (proposal, entry))

    async def find(self, id_: str) -> PolicyProposal | None:
        """See gateway.ports.review.PolicyProposalStore."""
        rows = await self._readers.read(lambda db: db.rows(_FIND, key=storable(id_)))
        return _read(rows[0]) if rows else None

    async def recent(self, limit: int) -> Sequence[PolicyProposal]:
        """See gateway.ports.review.PolicyProposalStore."""
        return [_read(row) for row in await self._readers.read(lambda db: db.rows(_RECENT, limit=limit))]

    async def withdraw(self, id_: str, entry: AuditEntry) -> bool:
        """See gateway.ports.review.PolicyProposalStore."""
        return await self._writer.write(_WITHDRAW_WRITE, (storable(id_), entry))
