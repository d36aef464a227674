"""Work items: what the stages carry out one by one, and the account of those that failed in an unforeseen way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class WorkStage(StrEnum):
    """The stage that a work item belongs to."""

    PUBLICATION = "publication"
    DISPOSITION = "disposition"
    DELIVERY = "delivery"
    NOTIFICATION = "notification"
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One work item. `message`: the message that it belongs to, "" if none.

    `id`: of a publication or a decision the message; of a delivery the message and the recipient's position
    ("ID/0"); of a media file the message and its number ("ID/1"); of a follow-up its row. `token`: of a claimed
    delivery. `body`: what the next attempt needs and the store does not have elsewhere.
    """

    stage: WorkStage
    id: str
    message: str = ""
    token: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Work items that were claimed, but whose rows cannot be read."""

    items: tuple[WorkItem, ...]
    error: Exception


@dataclass(frozen=True, slots=True)
class FailedDecision:
    """A decision that failed in an unforeseen way and is due again. `verdict` as stored; "" if there was none."""

    message: str
    verdict: str


def retry_delay(failures: int, longest: float = 3600.0) -> float:
    """Seconds until an item that failed so many times is tried again."""
    return float(min(2 ** min(failures, 20), longest))
