"""The policy in force, and the policies that were in force before: a message is explained by the policy of its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.console.policy.version import PolicyVersion, read_policy
from gateway.core.notices.notice import default_rejection_text
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import Requirements, requirements_for
from gateway.core.policy_versions.version import PolicyPeriod, PublishedPolicy
from gateway.ports.review import PolicyVersionStore


class PolicyService:
    """Policies by their hash."""

    def __init__(
        self, current: Callable[[], Policy], policy_versions: PolicyVersionStore, *, district: str,
        adopted_text: Callable[[], str] = str,
    ) -> None:  # fmt: skip
        self._current, self._policy_versions = current, policy_versions
        self._district, self._adopted_text = district, adopted_text

    @property
    def adopted_text(self) -> str:
        """The district's own text in Markdown, "" for none."""
        return self._adopted_text()

    @property
    def current(self) -> Policy:
        """The policy in force."""
        return self._current()

    async def at(self, hash_: str, at: float | None = None) -> PolicyVersion:
        """The policy of a hash with the district's text as it stood at a time; "": the policy in force."""
        now = self.current
        if not hash_:
            return PolicyVersion(now, True)
        source, adopted = await self._policy_versions.texts(hash_, at)
        if hash_ == now.hash:
            return PolicyVersion(now, True, source, adopted)
        policy = read_policy(hash_, source) if source is not None else None
        if policy is None:
            clauses = {id_: replace(clause, thresholds={}) for id_, clause in now.clauses.items()}
            return PolicyVersion(replace(now, hash=hash_, clauses=clauses), False, source, adopted)
        return PolicyVersion(policy, True, source, adopted)

    async def periods(self) -> Sequence[PolicyPeriod]:
        """When which version was in force, the newest first. Those that never were are left out."""
        return [period for period in await self._policy_versions.periods() if period.until != period.since]

    async def version(self, name: str) -> PublishedPolicy | None:
        """A version by its number, or the newest one with a hash; None if there is none."""
        if name.isascii() and name.isdigit() and len(name) < 16:
            return await self._policy_versions.published(int(name))
        numbers = [period.number for period in await self._policy_versions.periods() if period.hash == name]
        return await self._policy_versions.published(numbers[0]) if numbers else None

    async def read(self, version: PublishedPolicy) -> Policy | None:
        """The policy of a version; None if this version of the gateway cannot read it."""
        return await asyncio.to_thread(read_policy, version.period.hash, version.source)

    def requirements(self, clauses: Sequence[str], action: str) -> Requirements:
        """What the policy in force asks of a decision: a reason, a second person."""
        return requirements_for(self.current, clauses, action)

    def default_rejection_text(self, clauses: Sequence[str]) -> str:
        """What the sender of a rejected message reads unless a reviewer writes something else."""
        return default_rejection_text(self._district, self.current, clauses)
