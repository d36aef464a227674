"""Stores for the life of a policy: its versions, proposals for a new one, and simulations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.policy.decision import AuditEntry
from gateway.core.policy_versions.version import (
    NewPolicy,
    PolicyPeriod,
    PolicyProposal,
    PolicySimulation,
    PublishedPolicy,
    SimulationState,
)


class PolicyVersionStore(Protocol):
    """The policies that are or were in force, by number and by hash. Their periods have no gap and do not overlap."""

    async def record(self, hash_: str, source: str, adopted: str) -> None:
        """Keep the text of a policy, with the district's adopted text, to be found by its hash."""

    async def source(self, hash_: str) -> str | None:
        """The policy file of a hash; None if it was never in force."""

    async def texts(self, hash_: str, at: float | None) -> tuple[str | None, str]:
        """The policy file of a hash and the adopted text at a time. The file is None if it was never in force."""

    async def mark(self) -> int:
        """The number of the last version, 0 for none: another number is a new version. The cheapest query."""

    async def current(self) -> Sequence[PublishedPolicy]:
        """The version in force, and those that will be in force soon, in their order."""

    async def periods(self) -> Sequence[PolicyPeriod]:
        """All versions, the newest first."""

    async def published(self, number: int) -> PublishedPolicy | None:
        """One version with its text."""

    async def publish(self, new: NewPolicy, base: int, entries: Sequence[AuditEntry]) -> PublishedPolicy | None:
        """Publish a version after the version `base`, with audit entries, and end its proposal.

        None if another version came first, or if the proposal is not open any more. Nothing is changed then.
        """

    async def file_seen(self, number: int, file_hash: str) -> None:
        """Note with a version that a policy file was taken over that changes nothing."""


class PolicyProposalStore(Protocol):
    """Policies that wait for a second person."""

    async def add(self, proposal: PolicyProposal, entry: AuditEntry) -> None:
        """Add a proposal."""

    async def find(self, id_: str) -> PolicyProposal | None:
        """One proposal."""

    async def recent(self, limit: int) -> Sequence[PolicyProposal]:
        """Proposals, the newest first."""

    async def withdraw(self, id_: str, entry: AuditEntry) -> bool:
        """Withdraw an open proposal, or refuse that of another person. Whether it was open."""


class PolicySimulationStore(Protocol):
    """Simulations in the background: one process claims each for a lease, and renews it while it works."""

    async def add(self, simulation: PolicySimulation, entry: AuditEntry, most_open: int, keep: int) -> bool:
        """Add one unless `most_open` wait or run already. Of those that ended, the newest `keep` are kept."""

    async def find(self, id_: str) -> PolicySimulation | None:
        """One simulation."""

    async def recent(self, limit: int) -> Sequence[PolicySimulation]:
        """Simulations, the newest first, without text and result."""

    async def cancel(self, id_: str) -> bool:
        """Cancel one that has not ended. Whether it had not."""

    async def claim(self, token: str, lease: float) -> PolicySimulation | None:
        """The oldest one that waits, or whose lease has ended."""

    async def advance(self, id_: str, token: str, done: int, total: int, lease: float) -> bool:
        """Note progress and renew the lease. False if it was canceled, or if another process has it now."""

    async def finish(self, id_: str, token: str, state: SimulationState, result: str) -> bool:
        """End one with its result. False if it was canceled, or if another process has it now."""
