"""Two people agree: one proposes, and what that proposal counts for when another person decides the same."""

from __future__ import annotations

from dataclasses import replace

from gateway.console.config import Store
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import Proposal
from gateway.core.policy.authorization import ConsoleDirectory, in_own_buildings, is_party, person_id_of
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import Trace


async def standing(
    store: Store, register: ConsoleDirectory, user: User, trace: Trace, proposal: Proposal
) -> tuple[Proposal, User]:  # fmt: skip
    """The proposal that stands, and whose it is: this one, or another person's that this one agrees with.

    That of somebody who may not decide on it any more is taken away; two accounts of one person are one. Raises a
    Problem; also where there is no copy that both could decide on, for each building decides on its own.
    """
    now = await store.now()
    act = AuditEntry(now, user.name, "proposed", trace.id, {"deed": proposal.deed, "reason": proposal.reason})
    found = await store.propose(trace.id, proposal, act)
    known, first = await store.user(found.by), user
    if known is None or not _may(known[0], trace, register):
        await store.withdraw(trace.id, AuditEntry(now, user.name, "proposal taken away", trace.id))
        found = await store.propose(trace.id, proposal, act)
    elif _one(known[0], user, register):
        found = replace(found, by=user.name)
    else:
        first = known[0]
    if found.deed != proposal.deed:
        raise Problem(
            409,
            f"{found.by} has proposed to {found.deed} it, and the policy wants two people to agree. "
            "Agree with it, or take the proposal away first.",
        )
    if first is not user and _nothing_shared(first, user, trace, register):
        raise Problem(409, _of_another_building(found))
    return found, first


async def cannot_agree(store: Store, register: ConsoleDirectory, user: User, trace: Trace, proposal: Proposal) -> str:
    """Why somebody who may decide on a message cannot agree with a proposal, in words; "" where they can."""
    known = await store.user(proposal.by)
    first = known[0] if known is not None else None
    if proposal.by == user.name or (first is not None and _one(first, user, register)):
        return "You have proposed it yourself: a second person has to agree."
    if first is None or not _may(first, trace, register):
        return f"{proposal.by} can decide on this message no more: propose it yourself, and a second person agrees."
    return _of_another_building(proposal) if _nothing_shared(first, user, trace, register) else ""


def _one(one: User, other: User, register: ConsoleDirectory) -> bool:
    """Whether two accounts are one person's."""
    person = person_id_of(one, register)
    return bool(person) and person == person_id_of(other, register)


def _nothing_shared(first: User, user: User, trace: Trace, register: ConsoleDirectory) -> bool:
    """Whether no held copy is one that both may decide on, for each building decides on its own."""
    held = [trace.relation.behind(each.address) for each in trace.recipients if each.state == "held"]
    shared = [
        pairs for pairs in held if in_own_buildings(first, pairs, register) and in_own_buildings(user, pairs, register)
    ]
    return bool(held) and not shared


def _of_another_building(proposal: Proposal) -> str:
    return (
        f"{proposal.by} has proposed to {proposal.deed} copies of another building, which are not yours to decide. "
        "Somebody who sees both buildings agrees with it, or takes it away; then propose what happens to yours."
    )


def _may(user: User, trace: Trace, register: ConsoleDirectory) -> bool:
    """Whether an account may decide on a message."""
    pairs = trace.relation.pairs
    addresses = [each for each in (trace.sender, *(to.address for to in trace.recipients)) if each]
    return (
        user.disabled_at is None
        and user.may(Right.DECIDE)
        and in_own_buildings(user, pairs, register)
        and not is_party(user, pairs, addresses, register)
    )
