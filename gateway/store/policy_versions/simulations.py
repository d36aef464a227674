"""Simulations in the background: claimed with a lease, and given up when they are canceled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from sqlalchemy import bindparam, delete, func, select, update

from gateway.core.policy.decision import AuditEntry
from gateway.core.policy_versions.version import OPEN_STATES, PolicySimulation, SimulationState
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema.messages import lit
from gateway.store.schema.policy import policy_simulations

_s = policy_simulations.c
_NAMES = tuple(field.name for field in fields(PolicySimulation))
_COLUMNS = tuple(_s[name] for name in _NAMES)
_HEADS = tuple(lit("").label(name) if name in ("source", "result") else _s[name] for name in _NAMES)
_is_open = _s.state.in_([lit(state.value) for state in OPEN_STATES])
_ADD = batch_insert(policy_simulations)
_OPEN = Statement(lambda sql: select(func.count(_s.id)).where(_is_open))
_PRUNE = Statement(
    lambda sql: delete(policy_simulations).where(
        ~_is_open, _s.id.not_in(select(_s.id).where(~_is_open).order_by(_s.at.desc()).limit(bindparam("keep")))
    )
)
_FIND = Statement(lambda sql: select(*_COLUMNS).where(_s.id == bindparam("key")))
_RECENT = Statement(lambda sql: select(*_HEADS).order_by(_s.at.desc(), _s.id).limit(bindparam("limit")))
_CANCEL = Statement(
    lambda sql: (
        update(policy_simulations)
        .where(_s.id == bindparam("key"), _is_open)
        .values(state=lit(SimulationState.CANCELED.value), ended_at=bindparam("now"))
    )
)
_DUE = Statement(
    lambda sql: select(_s.id).where(_is_open, _s.leased_until <= bindparam("now")).order_by(_s.at, _s.id).limit(lit(1))
)
_CLAIM = Statement(
    lambda sql: (
        update(policy_simulations)
        .where(_s.id == bindparam("key"), _is_open, _s.leased_until <= bindparam("now"))
        .values(
            state=lit(SimulationState.RUNNING.value), token=bindparam("mark"), leased_until=bindparam("until"),
            done=lit(0),
        )
    )
)  # fmt: skip
_mine = (_s.id == bindparam("key"), _s.token == bindparam("mark"), _s.state == lit(SimulationState.RUNNING.value))
_ADVANCE = Statement(
    lambda sql: (
        update(policy_simulations)
        .where(*_mine)
        .values(done=bindparam("to_done"), total=bindparam("to_total"), leased_until=bindparam("until"))
    )
)
_FINISH = Statement(
    lambda sql: (
        update(policy_simulations)
        .where(*_mine)
        .values(state=bindparam("to_state"), result=bindparam("to_result"), ended_at=bindparam("now"))
    )
)


def _read(row: Row) -> PolicySimulation:
    simulation = PolicySimulation(*row)
    return replace(simulation, state=SimulationState(simulation.state))


def _add(db: Database, items: Sequence[tuple[PolicySimulation, AuditEntry, int, int]]) -> list[bool]:
    answers = []
    for simulation, entry, most_open, keep in items:
        fits = db.rows(_OPEN)[0][0] < most_open
        if fits:
            db.change(_PRUNE, keep=keep)
            values = {name: getattr(simulation, name) for name in _NAMES}
            db.batch(_ADD, [values | {"state": simulation.state.value, "token": "", "leased_until": 0.0}])
            audit.write(db, [entry])
        answers.append(fits)
    return answers


def _cancel(db: Database, items: Sequence[str]) -> list[bool]:
    return [db.change(_CANCEL, key=id_, now=db.now) == 1 for id_ in items]


def _claim(db: Database, items: Sequence[tuple[str, float]]) -> list[PolicySimulation | None]:
    return [_claim_one(db, token, lease) for token, lease in items]


def _claim_one(db: Database, token: str, lease: float) -> PolicySimulation | None:
    due = db.rows(_DUE, now=db.now)
    if not due or db.change(_CLAIM, key=due[0][0], mark=token, until=db.now + lease, now=db.now) != 1:
        return None
    return _read(db.rows(_FIND, key=due[0][0])[0])


def _advance(db: Database, items: Sequence[tuple[str, str, int, int, float]]) -> list[bool]:
    return [
        db.change(_ADVANCE, key=id_, mark=token, to_done=done, to_total=total, until=db.now + lease) == 1
        for id_, token, done, total, lease in items
    ]


def _finish(db: Database, items: Sequence[tuple[str, str, SimulationState, str]]) -> list[bool]:
    return [
        db.change(_FINISH, key=id_, mark=token, to_state=state.value, to_result=result, now=db.now) == 1
        for id_, token, state, result in items
    ]


_ADD_WRITE, _CANCEL_WRITE, _CLAIM_WRITE = Write(_add), Write(_cancel), Write(_claim, rank=3)
_ADVANCE_WRITE, _FINISH_WRITE = Write(_advance, rank=2), Write(_finish, rank=2)


class SqlPolicySimulationStore(FeatureStore):
    """See gateway.ports.review.PolicySimulationStore."""

    async def add(self, simulation: PolicySimulation, entry: AuditEntry, most_open: int, keep: int) -> bool:
        """See gateway.ports.review.PolicySimulationStore."""
        return await self._writer.write(_ADD_WRITE, (simulation, entry, most_open, keep))

    async def find(self, id_: str) -> PolicySimulation | None:
        """See gateway.ports.review.PolicySimulationStore."""
        rows = await self._readers.read(lambda db: db.rows(_FIND, key=storable(id_)))
        return _read(rows[0]) if rows else None

    async def recent(self, limit: int) -> Sequence[PolicySimulation]:
        """See gateway.ports.review.PolicySimulationStore."""
        return [_read(row) for row in await self._readers.read(lambda db: db.rows(_RECENT, limit=limit))]

    async def cancel(self, id_: str) -> bool:
        """See gateway.ports.review.PolicySimulationStore."""
        return await self._writer.write(_CANCEL_WRITE, storable(id_))

    async def claim(self, token: str, lease: float) -> PolicySimulation | None:
        """See gateway.ports.review.PolicySimulationStore."""
        if not await self._readers.read(lambda db: db.rows(_DUE, now=db.now)):
            return None  # a look is cheaper than a transaction that writes nothing
        return await self._writer.write(_CLAIM_WRITE, (token, lease))

    async def advance(self, id_: str, token: str, done: int, total: int, lease: float) -> bool:
        """See gateway.ports.review.PolicySimulationStore."""
        return await self._writer.write(_ADVANCE_WRITE, (id_, token, done, total, lease))

    async def finish(self, id_: str, token: str, state: SimulationState, result: str) -> bool:
        """See gateway.ports.review.PolicySimulationStore."""
        return await self._writer.write(_FINISH_WRITE, (id_, token, state, result))
