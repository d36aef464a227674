"""Rows of the policy's life."""

from __future__ import annotations

from gateway.core.policy.decision import AuditEntry
from gateway.core.policy_versions.version import PolicyProposal, PolicySimulation
from gateway.ports.store import Store


def entry(act: str, actor: str = "ann") -> AuditEntry:
    """An audit entry."""
    return AuditEntry(1.0, actor, act)


async def acts(store: Store) -> list[str]:
    """The acts in the audit log."""
    await store.audit.link(100)
    return [linked.entry.act for linked in await store.audit.rows(0, 100)]


def proposal(id_: str, now: float, **more: object) -> PolicyProposal:
    """A proposal that is open for 100 seconds."""
    return PolicyProposal(id_, "bb", "b = 1", "ann", now, now + 100, "because", 0, **more)  # type: ignore[arg-type]


def simulation(id_: str, now: float) -> PolicySimulation:
    """A simulation that waits."""
    return PolicySimulation(id_, "bb", "b = 1", "ann", now, 600.0, 2.0)
