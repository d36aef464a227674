"""The account of work items that failed in an unforeseen way, and what an operator sees of the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.messages.delivery import Claim, NextHop
from gateway.core.messages.work import FailedDecision, Unreadable, WorkItem
from gateway.core.policy.decision import AuditEntry


class WorkFailureStore(Protocol):
    """Work items that failed. Methods raise StoreDown."""

    async def record(self, items: Sequence[WorkItem], error: str, stuck_after: int) -> Sequence[bool]:
        """Count one more failure of each item. Returns which of them are stuck now.

        An item is due again after a delay that doubles with each failure. From `stuck_after` failures on it is stuck:
        not due anymore until an operator retries it. `error` names a type and a place in the code.
        """

    async def forget(self, items: Sequence[WorkItem]) -> None:
        """Delete the account of items that are done."""

    async def due_decisions(self, limit: int) -> Sequence[FailedDecision]:
        """Failed decisions that are due again, the longest due first. Not claimed: a decision is idempotent."""

    async def stuck_items(self) -> Mapping[str, int]:
        """How many items of each stage are stuck."""

    async def delete_finished(self, limit: int) -> int:
        """Delete accounts whose item does not wait anymore, at most `limit`. Returns how many."""


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """One recipient that waits to leave, or a stuck work item.

    `id` is the message; of an item without a message, its stage and number ("notification-7"). `key`: what its next
    hop is chosen by, and `channel`. `next_attempt_at` is None while it is stuck. `stage`: of a stuck item, else "".
    """

    id: str
    position: int
    recipient: str
    channel: str
    key: str
    state: str
    attempts: int
    next_attempt_at: float | None
    last_error: str
    stuck: bool
    stage: str = ""


@dataclass(frozen=True, slots=True)
class QueueChanges:
    """What a retry or an expiry did: the ids that changed, and those that are being delivered right now."""

    changed: tuple[str, ...]
    busy: tuple[str, ...] = ()


class QueueStore(Protocol):
    """The queue as an operator sees it. Methods raise StoreDown."""

    async def rows(self, after: str, limit: int, *, hop: NextHop | None = None) -> Sequence[WaitingItem]:
        """The queued recipients of the next `limit` messages with an id above `after`, in order; of one hop, or all."""

    async def rows_of(self, id: str) -> Sequence[WaitingItem]:
        """All recipients of one message, in any state."""

    async def stuck_rows(
        self, after: tuple[str, str], limit: int, *, id: str = ""
    ) -> Sequence[tuple[tuple[str, str], WaitingItem]]:
        """The next `limit` stuck items behind a position (stage and item), or those of one message.

        Each row comes with the position of its item. An item of several recipients has a row for each.
        """

    async def retry(self, ids: Sequence[str], entries: Mapping[str, AuditEntry]) -> QueueChanges:
        """Make everything of these rows due now that is queued or stuck, unless it is being delivered.

        The entries of those that change are written, by id.
        """

    async def claim_message(self, id: str, lease: float) -> Claim | Unreadable | None:
        """Claim the queued recipients of one message that are not being delivered, stuck ones included."""
