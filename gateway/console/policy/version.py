"""The policy that was in force when a message was decided: its page and its evidence argue with that one."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace

from gateway.console.service import Desk
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy, PolicyError, parse

_STILL = dict.fromkeys(Direction, Action.FLAG)  # what happened for want of a verdict is in the decision itself


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """The policy of a decision. `kept`: its file is known; else its limits are not, and the titles are today's."""

    policy: Policy
    kept: bool
    source: str | None = None
    adopted: str = ""


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
    """A policy from its file; None where this version of the gateway cannot read it any more."""
    try:
        return parse(tomllib.loads(source), no_verdict=_STILL, source_hash=hash_)
    except (PolicyError, tomllib.TOMLDecodeError):
        return None
