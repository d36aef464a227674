"""Versions of the policy: the file that a message was decided by, and the district's text of that time."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy, PolicyError, parse

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


def read_policy(hash_: str, source: str) -> Policy | None:
    """A policy from its file; None if this version of the gateway cannot read it."""
    try:
        return parse(tomllib.loads(source), no_verdict=_WITHOUT_VERDICT, source_hash=hash_)
    except (PolicyError, tomllib.TOMLDecodeError):
        return None
