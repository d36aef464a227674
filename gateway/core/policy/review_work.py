"""Review work: delivered messages that people look at, and what they say. Nothing of it changes a delivery.

There are three kinds: messages that the policy flagged, a random sample of clean messages, and messages that shadow
mode would have held.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import tzinfo

from gateway.core.contact.school_time import school_due
from gateway.core.policy.decision import Action, Decision
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import Sampling
from gateway.core.policy.urgency import DISTRESS, SCHOOL_DAY
from gateway.core.policy.work_kinds import ReviewWork, WorkKind

_BITS = 64


def is_sampled(id_: str, key: bytes, sampling: Sampling) -> bool:
    """Whether a clean message is in the sample: by a keyed hash, so that nobody can tell in advance.

    The same message has the same answer in every process and at every attempt.
    """
    if not (key and sampling.on):
        return False
    digest = hashlib.blake2b(id_.encode("utf-8", "surrogatepass"), key=key[:64], digest_size=_BITS // 8).digest()
    return int.from_bytes(digest) * sampling.one_in < 1 << _BITS


def find_work(
    id_: str, decisions: Sequence[Decision], without_effect: Sequence[Decision], *, classified: bool, policy: Policy,
    now: float, zone: tzinfo | None, sampling_key: bytes,
) -> tuple[ReviewWork, ...]:  # fmt: skip
    """The work that the decisions about one message make.

    `without_effect` are holds of shadow mode; they are among the decisions. Only a `classified` message is sampled.
    """
    review, found = policy.review, []
    if without_effect:
        due = min((decision.due_in for decision in without_effect if decision.due_in is not None), default=policy.due)
        found.append(ReviewWork(WorkKind.SHADOW, now + due))
    if flags := [decision for decision in decisions if decision.action is Action.FLAG]:
        soon = any(decision.urgent or DISTRESS in decision.reasons for decision in flags)
        found.append(ReviewWork(WorkKind.FLAG, _due(now, SCHOOL_DAY if soon else review.flag_due, policy, zone)))
    clean = bool(decisions) and all(decision.action is Action.RELEASE for decision in decisions)
    if clean and classified and is_sampled(id_, sampling_key, review.sampling):
        found.append(ReviewWork(WorkKind.SAMPLE, _due(now, review.sampling.due, policy, zone)))
    return tuple(found)


def _due(now: float, seconds: float, policy: Policy, zone: tzinfo | None) -> float:
    if zone is None or not policy.review.school_time:
        return now + seconds
    return school_due(now, seconds, policy.contact_rules.calendar, zone)
