"""The two-person rule: one person proposes a decision, and it is carried out when another person decides the same."""

from __future__ import annotations

from dataclasses import replace

from gateway.console.auth.authorization import Authorization
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import User
from gateway.core.cases.case import Proposal
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import Trace
from gateway.ports.accounts import AccountStore
from gateway.ports.clock import StoreClock
from gateway.ports.review import ClaimStore


class TwoPersonRule:
    """Proposals, and who can agree with them."""

    def __init__(
        self, authorization: Authorization, clock: StoreClock, claims: ClaimStore, accounts: AccountStore
    ) -> None:  # fmt: skip
        self._authorization, self._clock, self._claims, self._accounts = authorization, clock, claims, accounts

    async def propose(self, user: User, trace: Trace, proposal: Proposal) -> tuple[Proposal, User]:
        """The proposal in effect, and whose it is: this one, or an earlier one of another person for the same decision.

        An earlier proposal lapses if its account may no longer decide on the message. Two accounts of one person count
        as one. Raises a Problem if the earlier proposal is for another decision, or if there is no copy that both
        people may decide on: each building decides on its own copies.
        """
        now = await self._clock.now()
        detail = {"deed": proposal.action, "reason": proposal.reason}
        entry = AuditEntry(now, user.name, "proposed", trace.id, detail)
        found = await self._claims.propose(trace.id, proposal, entry)
        known, first = await self._accounts.find(found.by), user
        if known is None or not self._authorization.may_decide(known[0], trace):
            lapsed = AuditEntry(now, user.name, "proposal taken away", trace.id)
            await self._claims.withdraw(trace.id, lapsed)
            found = await self._claims.propose(trace.id, proposal, entry)
        elif self._authorization.same_person(known[0], user):
            found = replace(found, by=user.name)
        else:
            first = known[0]
        if found.action != proposal.action:
            raise Problem(
                409,
                f"{found.by} has proposed to {found.action} it, and the policy wants two people to agree. "
                "Agree with it, or take the proposal away first.",
            )
        if first is not user and self._share_no_copy(first, user, trace):
            raise Problem(409, _other_building(found))
        return found, first

    async def cannot_agree(self, user: User, trace: Trace, proposal: Proposal) -> str:
        """Why an account that may decide on a message cannot agree with a proposal; "" if it can."""
        known = await self._accounts.find(proposal.by)
        first = known[0] if known is not None else None
        if proposal.by == user.name or (first is not None and self._authorization.same_person(first, user)):
            return "You proposed it yourself: a second person has to agree."
        if first is None or not self._authorization.may_decide(first, trace):
            return (
                f"{proposal.by} can no longer decide on this message: propose it yourself, and a second person agrees."
            )
        return _other_building(proposal) if self._share_no_copy(first, user, trace) else ""

    def _share_no_copy(self, first: User, user: User, trace: Trace) -> bool:
        """Whether there is no held copy that both accounts may decide on."""
        sees = self._authorization.sees_pairs
        held = [trace.relation.pairs_of(to.address) for to in trace.recipients if to.state == "held"]
        return bool(held) and not any(sees(first, pairs) and sees(user, pairs) for pairs in held)


def _other_building(proposal: Proposal) -> str:
    return (
        f"{proposal.by} has proposed to {proposal.action} copies of another building, which are not yours to decide. "
        "Somebody who sees both buildings agrees with it, or takes it away; then propose what happens to yours."
    )
