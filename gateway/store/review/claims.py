"""Before a decision: who has taken a message, a second opinion, saved views; and the policies that were in force."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update

from gateway.core.cases.case import Assignment, Proposal
from gateway.core.policy.decision import AuditEntry
from gateway.ports.review import ReviewState
from gateway.store.audit import audit
from gateway.store.engine.base import StorePart
from gateway.store.engine.columns import fit
from gateway.store.engine.dialects import Run, Statement, insert_each
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.review import assignments, policies, proposals, views

MOST_VIEWS = 30
"""Saved views of one account."""

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
_VIEWS = Statement(lambda of: select(_v.name, _v.query).where(_v.user_name == bindparam("key")).order_by(_v.name))
_COUNT_VIEWS = Statement(lambda of: select(func.count()).where(_v.user_name == bindparam("key")))
_DROP_VIEW = Statement(
    lambda of: delete(views).where(_v.user_name == bindparam("key"), _v.name == bindparam("name_is"))
)
_ADD_VIEW = insert_each(views)
_ADD_POLICY = insert_each(policies, again=True)
_SEEN_POLICY = Statement(
    lambda of: (
        update(policies)
        .where(_o.hash == bindparam("key"))
        .values(last_at=bindparam("to_at"), adopted=bindparam("to_adopted"), first_at=bindparam("to_first"))
    )
)
_KNOWN_POLICY = Statement(lambda of: select(_o.adopted, _o.first_at, _o.last_at).where(_o.hash == bindparam("key")))
_SOURCE = Statement(lambda of: select(_o.source).where(_o.hash == bindparam("key")))
_TEXTS = Statement(  # of one hash, each with the district's text of its time; earlier ones stand under longer names
    lambda of: (
        select(_o.source, _o.adopted, _o.first_at)
        .where((_o.hash == bindparam("key")) | ((_o.hash > bindparam("low")) & (_o.hash < bindparam("high"))))
        .order_by(_o.first_at)
    )
)


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


def _save_view(run: Run, items: Sequence[tuple[str, str, str | None]]) -> list[bool]:
    done = []
    for user, name, query in items:
        run.change(_DROP_VIEW, key=user, name_is=name)
        room = query is not None and run.rows(_COUNT_VIEWS, key=user)[0][0] < MOST_VIEWS
        if room:
            run.each(_ADD_VIEW, [{"user_name": user, "name": name, "query": query}])
        done.append(room or query is None)
    return done


def _keep_policy(run: Run, items: Sequence[tuple[str, str, str]]) -> list[None]:
    for hash_, source, adopted in items:
        known = run.rows(_KNOWN_POLICY, key=hash_)
        row = {"hash": hash_, "source": source, "adopted": adopted, "first_at": run.now, "last_at": run.now}
        if not known:
            run.each(_ADD_POLICY, [row])
        elif known[0][0] == adopted:
            run.change(_SEEN_POLICY, key=hash_, to_at=run.now, to_adopted=adopted, to_first=known[0][1])
        else:  # the same rules under another text of the district: the earlier one is kept beside it
            before, first_at, last_at = known[0]
            name = f"{hash_}.{hashlib.sha256(before.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
            run.each(_ADD_POLICY, [{**row, "hash": name, "adopted": before, "first_at": first_at, "last_at": last_at}])
            run.change(_SEEN_POLICY, key=hash_, to_at=run.now, to_adopted=adopted, to_first=run.now)
    return [None] * len(items)


_ASSIGN_WRITE, _PROPOSE_WRITE, _WITHDRAW_WRITE = Write(_assign, rank=0), Write(_propose), Write(_withdraw)
_SAVE_VIEW_WRITE, _KEEP_POLICY_WRITE = Write(_save_view), Write(_keep_policy)


class SqlClaims(StorePart):
    """The port Handling."""

    async def handled(self) -> Mapping[str, ReviewState]:
        """See gateway.ports.review.ClaimStore."""
        return await self._readers.read(_handled)

    async def handled_of(self, message_id: str) -> ReviewState:
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

    async def views(self, user: str) -> Mapping[str, str]:
        """See gateway.ports.review.ClaimStore."""
        return dict(await self._readers.read(lambda run: run.rows(_VIEWS, key=user)))

    async def save_view(self, user: str, name: str, query: str | None) -> bool:
        """See gateway.ports.review.ClaimStore."""
        return await self._writer.do(_SAVE_VIEW_WRITE, (user, fit(name), None if query is None else fit(query)))

    async def keep_policy(self, hash_: str, source: str, adopted: str) -> None:
        """See gateway.ports.review.ClaimStore."""
        await self._writer.do(_KEEP_POLICY_WRITE, (hash_, fit(source), fit(adopted)))

    async def policy_source(self, hash_: str) -> str | None:
        """See gateway.ports.review.ClaimStore."""
        rows = await self._readers.read(lambda run: run.rows(_SOURCE, key=hash_))
        return str(rows[0][0]) if rows else None

    async def policy_text(self, hash_: str, at: float | None) -> tuple[str | None, str]:
        """See gateway.ports.review.ClaimStore."""
        key = fit(hash_)
        rows = await self._readers.read(lambda run: run.rows(_TEXTS, key=key, low=f"{key}.", high=f"{key}/"))
        before = [row for row in rows if at is None or row[2] <= at] or rows[:1]
        return (str(before[-1][0]), str(before[-1][1])) if before else (None, "")
