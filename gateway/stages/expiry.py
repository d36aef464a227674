"""Expiry by hand: an operator ends the delivery of a message before its lifetime is over, and its sender is told."""

from __future__ import annotations

import math

from gateway.core.delivery.conclude import conclude
from gateway.core.delivery.retry import RetrySchedule
from gateway.core.messages.delivery import Claim, Deferred
from gateway.core.messages.work import WorkItem, WorkStage
from gateway.core.policy.decision import AuditEntry
from gateway.ports.messages import DeliveryQueueStore
from gateway.ports.work import QueueStore, WorkFailureStore

_LEASE = 30.0
_OVER = RetrySchedule(lifetime=-math.inf)
_NO_REPLY = "451 4.4.7 The message could not be delivered in time"


async def expire_message(
    queue: QueueStore, deliveries: DeliveryQueueStore, failures: WorkFailureStore, message_id: str, by: str
) -> tuple[str, ...] | None:
    """Bounce the queued recipients of a message that are not being delivered, and return their addresses.

    This is an attempt like any other, whose lifetime is over. None if the message cannot be read. A recipient who got
    the message in an attempt that could not be recorded counts as sent.
    """
    claim = await queue.claim_message(message_id, _LEASE)
    if claim is None:
        return ()
    if not isinstance(claim, Claim):
        return None
    addresses = {claimed.recipient.address: Deferred(claimed.reply or _NO_REPLY) for claimed in claim.recipients}
    ending = conclude(claim, {**addresses, **claim.known}, claim.at, 0.5, _OVER)
    entry = AuditEntry(claim.at, by, "expired", message_id, {"recipients": list(addresses)})
    if not await deliveries.record_outcomes(claim, ending.results, ending.followups, entries=[entry]):
        return ()
    await failures.forget(
        [
            WorkItem(WorkStage.DISPOSITION, message_id),
            *(WorkItem(WorkStage.DELIVERY, f"{message_id}/{claimed.position}") for claimed in claim.recipients),
        ]
    )
    return tuple(addresses)
