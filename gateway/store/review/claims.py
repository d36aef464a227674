"""Before a decision: who claimed a message, and proposals that wait for a second person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, delete, or_, select, update

from gateway.core.cases.case import Assignment, Proposal
from gateway.core.policy.decision import AuditEntry
from gateway.ports.review import ReviewState
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.flags import OPEN_WORK, review_work
from gateway.store.schema.review import assignments, proposals

_r, _a, _p, _w = schema.recipients.c, assignments.c, proposals.c, review_work.c
_ASSIGNED = (_a.message_id, _a.user_name, _a.by_name, _a.at)
_PROPOSED = (_p.message_id, _p.deed, _p.user_name, _p.at, _p.reason, _p.words)


def is_held(message_id: object) -> ColumnElement[bool]:
    """Whether a message has a held recipient."""
    return select(_r.message_id).where(_r.state == schema.lit("held"), _r.message_id == message_id).exists()


def _has_work(message_id: object) -> ColumnElement[bool]:
    """Whether people should look at a message that was delivered."""
    return select(_w.message_id).where(OPEN_WORK, _w.message_id == message_id).exists()


_ALL_ASSIGNED = Statement(
    lambda sql: select(*_ASSIGNED).where(or_(is_held(_a.message_id), _has_work(_a.message_id)))
)  # fmt: skip
_ALL_PROPOSED = Statement(lambda sql: select(*_PROPOSED).where(is_held(_p.message_id)))
_ASSIGNMENT = Statement(lambda sql: select(*_ASSIGNED).where(_a.message_id == bindparam("key")))
_PROPOSAL = Statement(lambda sql: select(*_PROPOSED).where(_p.message_id == bindparam("key")))
_ADD_ASSIGNMENT = batch_insert(assignments, ignore_existing=True)
_SET_ASSIGNMENT = Statement(
    lambda sql: (
        update(assignments)
        .where(_a.message_id == bindparam("key"))
        .values(user_name=bindparam("to_user"), by_name=bindparam("to_by"), at=bindparam("to_at"))
    )
)
_LOCK = Statement(
    lambda sql: select(schema.messages.c.id).where(schema.messages.c.id == bindparam("key")).with_for_update()
)
_ADD_PROPOSAL = batch_insert(proposals, ignore_existing=True)
_DROP_PROPOSAL = Statement(lambda sql: delete(proposals).where(_p.message_id == bindparam("key")))


def _assignment(row: Sequence[object]) -> Assignment:
    _, user, by, at = row
    return Assignment(str(user), str(by), float(at))  # type: ignore[arg-type]


def _proposal(row: Sequence[object]) -> Proposal:
    _, deed, user, at, reason, words = row
    return Proposal(str(deed), str(user), float(at), str(reason), str(words))  # type: ignore[arg-type]


def _review_states(db: Database) -> dict[str, ReviewState]:
    assigned = {row[0]: _assignment(row) for row in db.rows(_ALL_ASSIGNED)}
    proposed = {row[0]: _proposal(row) for row in db.rows(_ALL_PROPOSED)}
    return {id_: ReviewState(assigned.get(id_), proposed.get(id_)) for id_ in assigned.keys() | proposed.keys()}


def _review_state(db: Database, id_: str) -> ReviewState:
    assigned, proposed = db.rows(_ASSIGNMENT, key=id_), db.rows(_PROPOSAL, key=id_)
    return ReviewState(_assignment(assigned[0]) if assigned else None, _proposal(proposed[0]) if proposed else None)


def _assign(db: Database, items: Sequence[tuple[str, Assignment, str | None, AuditEntry]]) -> list[str | None]:
    return [_assign_one(db, *item) for item in items]


def _assign_one(db: Database, id_: str, to: Assignment, instead_of: str | None, entry: AuditEntry) -> str | None:
    db.rows(_LOCK, key=id_)
    current = db.rows(_ASSIGNMENT, key=id_)
    holder = str(current[0][1]) if current else ""
    if instead_of is not None and holder not in (instead_of, to.user):
        return holder
    if holder != to.user:
        if current:
            db.change(_SET_ASSIGNMENT, key=id_, to_user=storable(to.user), to_by=storable(to.by), to_at=db.now)
        else:
            row = {"message_id": id_, "user_name": storable(to.user), "by_name": storable(to.by), "at": db.now}
            db.batch(_ADD_ASSIGNMENT, [row])
        audit.write(db, [entry])
    return None


def _propose(db: Database, items: Sequence[tuple[str, Proposal, AuditEntry]]) -> list[Proposal]:
    in_effect = []
    for id_, proposal, entry in items:
        row = {
            "message_id": id_, "deed": proposal.action, "user_name": storable(proposal.by), "at": db.now,
            "reason": storable(proposal.reason), "words": storable(proposal.words),
        }  # fmt: skip
        if db.batch(_ADD_PROPOSAL, [row]) == 1:
            audit.write(db, [entry])
        in_effect.append(_proposal(db.rows(_PROPOSAL, key=id_)[0]))
    return in_effect


def _withdraw(db: Database, items: Sequence[tuple[str, AuditEntry | None]]) -> list[bool]:
    done = []
    for id_, entry in items:
        done.append(db.change(_DROP_PROPOSAL, key=id_) == 1)
        audit.write(db, [entry] if done[-1] and entry is not None else [])
    return done


_ASSIGN_WRITE, _PROPOSE_WRITE, _WITHDRAW_WRITE = Write(_assign, rank=0), Write(_propose), Write(_withdraw)


class SqlClaimStore(FeatureStore):
    """See gateway.ports.review.ClaimStore."""

    async def review_states(self) -> Mapping[str, ReviewState]:
        """See gateway.ports.review.ClaimStore."""
        return await self._readers.read(_review_states)

    async def review_state(self, message_id: str) -> ReviewState:
        """See gateway.ports.review.ClaimStore."""
        return await self._readers.read(lambda db: _review_state(db, storable(message_id)))

    async def assign(
        self, message_id: str, assignment: Assignment, instead_of: str | None, entry: AuditEntry
    ) -> str | None:
        """See gateway.ports.review.ClaimStore."""
        return await self._writer.write(_ASSIGN_WRITE, (storable(message_id), assignment, instead_of, entry))

    async def propose(self, message_id: str, proposal: Proposal, entry: AuditEntry) -> Proposal:
        """See gateway.ports.review.ClaimStore."""
        return await self._writer.write(_PROPOSE_WRITE, (storable(message_id), proposal, entry))

    async def withdraw(self, message_id: str, entry: AuditEntry | None) -> bool:
        """See gateway.ports.review.ClaimStore."""
        return await self._writer.write(_WITHDRAW_WRITE, (storable(message_id), entry))
