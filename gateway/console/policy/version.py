"""Versions of the policy: the file that a message was decided by, and the district's text of that time."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace

from gateway.console.service import Desk
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy, PolicyError, parse

_WITHOUT_VERDICT = dict.fromkeys(Direction, Action.FLAG)  # not part of the file; the decision itself says it


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """The policy of a decision. Without `kept` its file is unknown: it has no thresholds, and the titles of today."""

    policy: Policy
    kept: bool
    source: str | None = None
    adopted: str = ""


@dataclass(frozen=True, slots=True)
class EarlierPolicy:
    """A policy file with the district's text beside it, and when both were in force (seconds since the epoch)."""

    version: str
    source: str
    adopted_text: str
    since: float
    until: float

    @property
    def policy(self) -> Policy | None:
        """The policy; None if this version of the gateway cannot read its file."""
        return read_policy(self.version.partition(".")[0], self.source)


async def policy_of(desk: Desk, hash_: str, at: float | None = None) -> PolicyVersion:
    """The policy of a hash as it stood at a time; the one in force now for what is undecided."""
    now = desk.policy()
    if not hash_:
        return PolicyVersion(now, True)
    source, adopted = await desk.store.policy_text(hash_, at)
    if hash_ == now.hash:
        return PolicyVersion(now, True, source, adopted)
    policy = read_policy(hash_, source) if source is not None else None
    if policy is None:
        bare = {id_: replace(each, thresholds={}) for id_, each in now.clauses.items()}
        return PolicyVersion(replace(now, hash=hash_, clauses=bare), False, source, adopted)
    return PolicyVersion(policy, True, source, adopted)


def read_policy(hash_: str, source: str) -> Policy | None:
    """A policy from its file; None if this version of the gateway cannot read it."""
    try:
        return parse(tomllib.loads(source), no_verdict=_WITHOUT_VERDICT, source_hash=hash_)
    except (PolicyError, tomllib.TOMLDecodeError):
        return None
