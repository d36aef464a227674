"""The kinds of review work, and what people say about a message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class WorkKind(StrEnum):
    """Why somebody should look at a delivered message."""

    FLAG = "flag"
    SAMPLE = "sample"
    SHADOW = "shadow"


class ReviewOutcome(StrEnum):
    """What a person says about a message: it is in order, or it violates the policy."""

    FINE = "fine"
    VIOLATION = "violation"


@dataclass(frozen=True, slots=True)
class ReviewWork:
    """A delivered message that somebody should look at until a time."""

    kind: WorkKind
    due_at: float | None = None
