"""The policy in force, and the policies that were in force before: a message is explained by the policy of its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.console.policy.version import EarlierPolicy, PolicyVersion, read_policy
from gateway.core.notices.notice import default_rejection_text
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import Requirements, requirements_for
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

    async def earlier_versions(self) -> Sequence[EarlierPolicy]:
        """The versions that were in force before, policy and district's text together."""
        now, adopted = self.current.hash, self.adopted_text
        return [
            earlier
            for earlier in await self._all_versions()
            if earlier.version != now or earlier.adopted_text != adopted
        ]

    async def earlier_version(self, version: str) -> EarlierPolicy | None:
        """One version by its name; None if it was never in force here."""
        return next((earlier for earlier in await self._all_versions() if earlier.version == version), None)

    async def _all_versions(self) -> list[EarlierPolicy]:
        return [EarlierPolicy(*row) for row in await self._policy_versions.versions()]

    def requirements(self, clauses: Sequence[str], action: str) -> Requirements:
        """What the policy in force asks of a decision: a reason, a second person."""
        return requirements_for(self.current, clauses, action)

    def default_rejection_text(self, clauses: Sequence[str]) -> str:
        """What the sender of a rejected message reads unless a reviewer writes something else."""
        return default_rejection_text(self._district, self.current, clauses)
