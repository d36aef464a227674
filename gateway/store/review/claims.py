"""Before a decision: who has taken a message, a second opinion, saved views; and the policies that were in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, delete, select, update

from gateway.core.cases.case import Assignment, Proposal
from gateway.core.policy.decision import AuditEntry
from gateway.ports.review import ReviewState
from gateway.store.audit import audit
from gateway.store.engine.columns import fit
from gateway.store.engine.dialects import Run, Statement, insert_each
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.review import assignments, policies, proposals, views

_r, _a, _p, _v, _o = schema.recipients.c, assignments.c, proposals.c, views.c, policies.c
_ASSIGNED = (_a.message_id, _a.user_name, _a.by_name, _a.at)
_PROPOSED = (_p.message_id, _p.deed, _p.user_name, _p.at, _p.reason, _p.words)


def of_held(table_id: object) -> ColumnElement[bool]:
    """Whether a message is held for anybody."""
    return select(_r.message_id).where(_r.state == schema.lit("held"), _r.message_id == table_id).exists()


_ALL_ASSIGNED = Statement(lambda of: select(*_ASSIGNED).where(of_held(_a.message_id)))
_ALL_PROPOSED = Statement(lambda of: select(*_PROPOSED).where(of_held(_p.message_id)))
_ASSIGNMENT = Statement(lambda of: select(*_ASSIGNED).where(_a.message_id == bindparam("key")))
_PROPOSAL = Statement(lambda of: select(*_PROPOSED).where(_p.message_id == bindparam("key")))
_ADD_ASSIGNMENT = insert_each(assignments, again=True)
_SET_ASSIGNMENT = Statement(
    lambda of: (
        update(assignments)
        .where(_a.message_id == bindparam("key"))
        .values(user_name=bindparam("to_user"), by_name=bindparam("to_by"), at=bindparam("to_at"))
    )
)
_LOCK = Statement(
    lambda of: select(schema.messages.c.id).where(schema.messages.c.id == bindparam("key")).with_for_update()
)
_ADD_PROPOSAL = insert_each(proposals, again=True)
_DROP_PROPOSAL = Statement(lambda of: delete(proposals).where(_p.message_id == bindparam("key")))


def _assignment(row: Sequence[object]) -> Assignment:
    _, user, by, at = row
    return Assignment(str(user), str(by), float(at))  # type: ignore[arg-type]


def _proposal(row: Sequence[object]) -> Proposal:
    _, deed, user, at, reason, words = row
    return Proposal(str(deed), str(user), float(at), str(reason), str(words))  # type: ignore[arg-type]


def _handled(run: Run) -> dict[str, ReviewState]:
    taken = {row[0]: _assignment(row) for row in run.rows(_ALL_ASSIGNED)}
    proposed = {row[0]: _proposal(row) for row in run.rows(_ALL_PROPOSED)}
    return {id_: ReviewState(taken.get(id_), proposed.get(id_)) for id_ in taken.keys() | proposed.keys()}


def _handled_of(run: Run, id_: str) -> ReviewState:
    taken, proposed = run.rows(_ASSIGNMENT, key=id_), run.rows(_PROPOSAL, key=id_)
    return ReviewState(_assignment(taken[0]) if taken else None, _proposal(proposed[0]) if proposed else None)


def _assign(run: Run, items: Sequence[tuple[str, Assignment, str | None, AuditEntry]]) -> list[str | None]:
    return [_assign_one(run, *item) for item in items]


def _assign_one(run: Run, id_: str, to: Assignment, instead_of: str | None, act: AuditEntry) -> str | None:
    run.rows(_LOCK, key=id_)
    known = run.rows(_ASSIGNMENT, key=id_)
    holder = str(known[0][1]) if known else ""
    if instead_of is not None and holder not in (instead_of, to.user):
        return holder
    if holder != to.user:
        if known:
            run.change(_SET_ASSIGNMENT, key=id_, to_user=fit(to.user), to_by=fit(to.by), to_at=run.now)
        else:
            row = {"message_id": id_, "user_name": fit(to.user), "by_name": fit(to.by), "at": run.now}
            run.each(_ADD_ASSIGNMENT, [row])
        audit.write(run, [act])
    return None


def _propose(run: Run, items: Sequence[tuple[str, Proposal, AuditEntry]]) -> list[Proposal]:
    standing = []
    for id_, proposal, act in items:
        row = {
            "message_id": id_, "deed": proposal.deed, "user_name": fit(proposal.by), "at": run.now,
            "reason": fit(proposal.reason), "words": fit(proposal.words),
        }  # fmt: skip
        if run.each(_ADD_PROPOSAL, [row]) == 1:
            audit.write(run, [act])
        standing.append(_proposal(run.rows(_PROPOSAL, key=id_)[0]))
    return standing


def _withdraw(run: Run, items: Sequence[tuple[str, AuditEntry | None]]) -> list[bool]:
    done = []
    for id_, act in items:
        done.append(run.change(_DROP_PROPOSAL, key=id_) == 1)
        audit.write(run, [act] if done[-1] and act is not None else [])
    return done


_ASSIGN_WRITE, _PROPOSE_WRITE, _WITHDRAW_WRITE = Write(_assign, rank=0), Write(_propose), Write(_withdraw)


class SqlClaimStore(FeatureStore):
    """See gateway.ports.review.ClaimStore."""

    async def review_states(self) -> Mapping[str, ReviewState]:
        """See gateway.ports.review.ClaimStore."""
        return await self._readers.read(_handled)

    async def review_state(self, message_id: str) -> ReviewState:
        """See gateway.ports.review.ClaimStore."""
        return await self._readers.read(lambda run: _handled_of(run, fit(message_id)))

    async def assign(
        self, message_id: str, assignment: Assignment, instead_of: str | None, act: AuditEntry
    ) -> str | None:
        """See gateway.ports.review.ClaimStore."""
        return await self._writer.do(_ASSIGN_WRITE, (fit(message_id), assignment, instead_of, act))

    async def propose(self, message_id: str, proposal: Proposal, act: AuditEntry) -> Proposal:
        """See gateway.ports.review.ClaimStore."""
        return await self._writer.do(_PROPOSE_WRITE, (fit(message_id), proposal, act))

    async def withdraw(self, message_id: str, act: AuditEntry | None) -> bool:
        """See gateway.ports.review.ClaimStore."""
        return await self._writer.do(_WITHDRAW_WRITE, (fit(message_id), act))
