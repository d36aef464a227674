"""Versions, proposals, differences and simulations of the policy as JSON, for commands and the API."""

from __future__ import annotations

from gateway.core.policy_versions.differences import PolicyDifference
from gateway.core.policy_versions.version import PolicyPeriod, PolicyProposal, PolicySimulation
from gateway.core.serialization.json_fields import rfc3339


def version_row(period: PolicyPeriod, now: float) -> dict[str, object]:
    """One version."""
    return {
        "version": period.number, "hash": period.hash, "author": period.author, "seconded_by": period.seconded_by,
        "time": rfc3339(period.since), "until": None if period.until is None else rfc3339(period.until),
        "in_force": period.is_in_force(now), "note": period.note,
    }  # fmt: skip


def difference_row(difference: PolicyDifference) -> dict[str, object]:
    """One change in words."""
    return {"key": difference.key, "about": difference.what, "change": difference.text}


def proposal_row(proposal: PolicyProposal, now: float) -> dict[str, object]:
    """One proposal."""
    return {
        "id": proposal.id, "hash": proposal.hash, "author": proposal.author, "at": rfc3339(proposal.at),
        "expires_at": rfc3339(proposal.expires_at), "note": proposal.note, "base": proposal.base,
        "state": proposal.state_at(now).value, "ended_by": proposal.ended_by, "version": proposal.version,
    }  # fmt: skip


def simulation_state_row(simulation: PolicySimulation) -> dict[str, object]:
    """How far a simulation is."""
    return {
        "id": simulation.id, "hash": simulation.hash, "author": simulation.author, "at": rfc3339(simulation.at),
        "days": simulation.seconds / 86400.0, "minutes": simulation.minutes, "state": simulation.state.value,
        "done": simulation.done, "total": simulation.total, "percent": simulation.percent,
    }  # fmt: skip
