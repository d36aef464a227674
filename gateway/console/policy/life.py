"""The life of the policy as technology directors see and change it: versions, proposals, checks and simulations."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.auth.authorization import Authorization
from gateway.console.config import PolicyRules
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import AccountRole, User
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.policy import Policy
from gateway.core.policy_versions.differences import PolicyDifference
from gateway.core.policy_versions.version import (
    PROPOSAL_DAYS,
    NewPolicy,
    PolicyPeriod,
    PolicyProposal,
    PolicySimulation,
    ProposalState,
    PublishedPolicy,
    in_force_at,
)
from gateway.policies.checking import PolicyCheck, check_text, text_differences
from gateway.ports.accounts import AccountStore
from gateway.ports.clock import StoreClock
from gateway.ports.review import PolicyProposalStore, PolicySimulationStore, PolicyVersionStore

_ONLY_DIRECTORS = "Only a technology director changes the policy."
_SHOWN = 50
_ORGS_KEPT = 300.0
_MOST_SIMULATIONS, _KEPT_SIMULATIONS = 4, 40
LONGEST_SIMULATION = 92 * 86400.0
"""Seconds of past traffic that a simulation may look at."""


@dataclass(frozen=True, slots=True)
class ComparedPolicy:
    """A checked text beside the version in force: what would change."""

    check: PolicyCheck
    current: PublishedPolicy
    differences: Sequence[PolicyDifference]


class PolicyLifeService:
    """Versions of the policy, proposals for a new one, and simulations. For technology directors only."""

    def __init__(
        self, authorization: Authorization, directory: ConsoleDirectory, clock: StoreClock, accounts: AccountStore,
        versions: PolicyVersionStore, proposals: PolicyProposalStore, simulations: PolicySimulationStore,
        rules: PolicyRules,
    ) -> None:  # fmt: skip
        self._authorization, self._directory, self._clock, self._accounts = authorization, directory, clock, accounts
        self._versions, self._proposals, self._simulations = versions, proposals, simulations
        self._rules = rules
        self._orgs: frozenset[str] = frozenset()
        self._orgs_at = 0.0

    @property
    def people(self) -> int:
        """How many people must agree before a policy is in force."""
        return self._rules.people

    async def _require(self, user: User, action: str) -> None:
        await self._authorization.require_director(user, action, _ONLY_DIRECTORS)

    async def periods(self, user: User) -> Sequence[PolicyPeriod]:
        """All versions, the newest first. Raises a Problem."""
        await self._require(user, "see the versions of the policy")
        return await self._versions.periods()

    async def version(self, user: User, number: int) -> PublishedPolicy:
        """One version with its text. Raises a Problem."""
        await self._require(user, "see a version of the policy")
        found = await self._versions.published(number)
        if found is None:
            raise Problem(404, "There is no such version of the policy.")
        return found

    async def newest(self, user: User) -> PublishedPolicy:
        """The newest version: in force, or in force within seconds. Raises a Problem."""
        await self._require(user, "see the policy")
        return await self._newest()

    async def proposals(self, user: User) -> Sequence[PolicyProposal]:
        """Proposals, the newest first. Raises a Problem."""
        await self._require(user, "see proposals for the policy")
        return await self._proposals.recent(_SHOWN)

    async def proposal(self, user: User, id_: str) -> PolicyProposal:
        """One proposal. Raises a Problem."""
        await self._require(user, "see a proposal for the policy")
        return await self._find(id_)

    async def compare(self, user: User, source: str) -> ComparedPolicy:
        """Check a text, and say what would change. Raises a Problem."""
        await self._require(user, "check a policy")
        return await self._compare(source)

    async def submit(self, user: User, source: str, note: str, base: int | None) -> PublishedPolicy | PolicyProposal:
        """Publish a policy, or propose it where two people must agree. Raises a Problem.

        `base` is the version that the account has compared it with; None: whichever is the newest.
        """
        await self._require(user, "publish a policy")
        policy, current = await self._usable(source, base)
        now = await self._clock.now()
        if self._rules.people > 1:
            proposal = PolicyProposal(
                secrets.token_hex(8), policy.hash, source, user.name, now, now + PROPOSAL_DAYS * 86400.0, note,
                current.period.number,
            )  # fmt: skip
            detail = {"proposal": proposal.id, "base": proposal.base, "reason": note}
            await self._proposals.add(proposal, AuditEntry(now, user.name, "policy proposed", policy.hash, detail))
            return proposal
        new = NewPolicy(policy.hash, source, user.name, note=note)
        entry = AuditEntry(now, user.name, "policy published", policy.hash, _detail(current, note))
        return _published(await self._versions.publish(new, current.period.number, [entry]))

    async def why_not_agree(self, user: User, proposal: PolicyProposal) -> str:
        """Why an account cannot agree with a proposal; "" if it can."""
        if proposal.state_at(await self._clock.now()) is not ProposalState.OPEN:
            return "This proposal is not open any more."
        if proposal.author == user.name:
            return "You proposed it yourself: another technology director has to agree."
        known = await self._accounts.find(proposal.author)
        if known is None:  # proposed at a terminal
            return ""
        author, _ = known
        if self._authorization.same_person(author, user):
            return "You proposed it yourself, with another account: another person has to agree."
        if author.role is not AccountRole.TECHNOLOGY_DIRECTOR or author.disabled_at is not None:
            return f"{proposal.author} may not change the policy any more: propose it yourself."
        return ""

    async def agree(self, user: User, id_: str, base: int | None) -> PublishedPolicy:
        """Agree with a proposal of another person, which publishes it. Raises a Problem."""
        await self._require(user, "publish a policy")
        proposal = await self._find(id_)
        if why := await self.why_not_agree(user, proposal):
            raise Problem(409, why)
        policy, current = await self._usable(proposal.source, base)
        now, detail = await self._clock.now(), _detail(current, proposal.note)
        detail |= {"proposal": proposal.id, "proposed_by": proposal.author}
        acts = ("policy seconded", "policy published")
        entries = [AuditEntry(now, user.name, act, policy.hash, detail) for act in acts]
        new = NewPolicy(
            policy.hash, proposal.source, proposal.author, user.name, proposal.note, proposal=proposal.id
        )  # fmt: skip
        return _published(await self._versions.publish(new, current.period.number, entries))

    async def withdraw(self, user: User, id_: str) -> PolicyProposal:
        """Withdraw a proposal, or refuse that of somebody else. Raises a Problem."""
        await self._require(user, "withdraw a proposal for the policy")
        proposal = await self._find(id_)
        entry = AuditEntry(
            await self._clock.now(), user.name, "policy proposal withdrawn", proposal.hash, {"proposal": proposal.id}
        )  # fmt: skip
        if not await self._proposals.withdraw(id_, entry):
            raise Problem(409, "This proposal is not open any more.")
        return await self._find(id_)

    def differences(self, before: str, after: str) -> Sequence[PolicyDifference]:
        """What changes from one stored text to another."""
        return text_differences(before, after)

    # simulations

    async def simulate(self, user: User, source: str, days: float, minutes: float) -> PolicySimulation:
        """Start a simulation in the background. Raises a Problem."""
        await self._require(user, "simulate a policy")
        check = await self._checked(source)
        if not 0 < days * 86400.0 <= LONGEST_SIMULATION or not 0 <= minutes < 1000:
            raise Problem(422, "A simulation looks at 1 to 92 days, with 0 to 999 minutes for a held message.")
        now = await self._clock.now()
        simulation = PolicySimulation(
            secrets.token_hex(8), check.hash, source, user.name, now, days * 86400.0, minutes
        )  # fmt: skip
        entry = AuditEntry(now, user.name, "policy simulated", check.hash, {"days": days})
        if not await self._simulations.add(simulation, entry, _MOST_SIMULATIONS, _KEPT_SIMULATIONS):
            raise Problem(409, f"{_MOST_SIMULATIONS} simulations wait already: cancel one, or wait for them.")
        return simulation

    async def simulation(self, user: User, id_: str) -> PolicySimulation:
        """One simulation with its result. Raises a Problem."""
        await self._require(user, "see a simulation of a policy")
        found = await self._simulations.find(id_)
        if found is None:
            raise Problem(404, "There is no such simulation, or it was so long ago that it is not kept.")
        return found

    async def simulations(self, user: User) -> Sequence[PolicySimulation]:
        """Simulations, the newest first. Raises a Problem."""
        await self._require(user, "see simulations of a policy")
        return await self._simulations.recent(_SHOWN)

    async def cancel(self, user: User, id_: str) -> PolicySimulation:
        """Cancel a simulation. Raises a Problem."""
        await self._require(user, "cancel a simulation of a policy")
        if not await self._simulations.cancel(id_):
            await self.simulation(user, id_)
            raise Problem(409, "This simulation has ended already.")
        return await self.simulation(user, id_)

    # inside

    async def _newest(self) -> PublishedPolicy:
        versions = await self._versions.current()
        newest = in_force_at(versions, float("inf"))
        if newest is None:
            raise Problem(409, "No process that decides has started yet, so no policy is in force. Start the gateway.")
        return newest

    async def _find(self, id_: str) -> PolicyProposal:
        found = await self._proposals.find(id_)
        if found is None:
            raise Problem(404, "There is no such proposal.")
        return found

    async def _compare(self, source: str) -> ComparedPolicy:
        current = await self._newest()
        buildings = await self._buildings()

        def compare() -> ComparedPolicy:
            check = check_text(source, self._rules.read, self._rules.mode, buildings)
            differences = text_differences(current.source, source) if check.policy is not None else []
            return ComparedPolicy(check, current, differences)

        return await asyncio.to_thread(compare)

    async def _buildings(self) -> frozenset[str]:
        """The orgs of the roster, looked up again after some minutes."""
        now = await self._clock.now()
        if not self._orgs or now - self._orgs_at > _ORGS_KEPT:
            orgs = {org for person in self._directory for org in person.buildings}
            first = {org: person.id for person in self._directory for org in person.buildings}
            self._orgs = frozenset(orgs.union(*(self._directory.buildings_of(id_) for id_ in first.values())))
            self._orgs_at = now
        return self._orgs

    async def _checked(self, source: str) -> Policy:
        check = await asyncio.to_thread(check_text, source, self._rules.read, self._rules.mode)
        if check.policy is None:
            error = check.notes[0]
            raise Problem(
                422, f"This policy cannot be used. {error}", line=error.line, key=error.key, hint=error.text
            )  # fmt: skip
        return check.policy

    async def _usable(self, source: str, base: int | None) -> tuple[Policy, PublishedPolicy]:
        policy, current = await self._checked(source), await self._newest()
        if base is not None and base != current.period.number:
            raise Problem(409, _CHANGED)
        if policy.hash == current.period.hash:
            raise Problem(409, "This is the policy in force already: nothing would change.")
        return policy, current


_CHANGED = "The policy in force has changed since you looked. Look at the differences again, then publish."


def _detail(current: PublishedPolicy, note: str) -> dict[str, object]:
    return {"version": current.period.number + 1, "reason": note}


def _published(version: PublishedPolicy | None) -> PublishedPolicy:
    if version is None:
        raise Problem(409, _CHANGED)
    return version
