"""Versions of the policy: the file that a message was decided by, and the district's text of that time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway import policies
from gateway.core.fault import Fault
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy

_WITHOUT_VERDICT = dict.fromkeys(Direction, Action.FLAG)  # not part of the file; the decision itself says it


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """The policy of a decision. If its file is not `known`, it has no thresholds, and the titles are those of today.

    `source` is the file, and `adopted_text` the text that the district had adopted at that time.
    """

    policy: Policy
    known: bool
    source: str | None = None
    adopted_text: str = ""


def read_policy(hash_: str, source: str) -> Policy | None:
    """A policy from its file; None if this version of the gateway cannot read it."""
    try:
        return replace(policies.read_text(source, _WITHOUT_VERDICT), hash=hash_)
    except Fault:
        return None
