"""Delivery: claim due recipients, hand them to their next hop, and record the outcome.

First attempts, retries and released messages all take this path. A claim is a lease: if the process dies, the
recipients are due again when the lease ends.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.core.channels.registry import capabilities_of
from gateway.core.delivery.conclude import conclude
from gateway.core.messages.delivery import Claim, Deferred, NextHop, Outcome, Sent
from gateway.observability.events import EventLog
from gateway.ports.channels import Transport
from gateway.ports.clock import StoreClock
from gateway.ports.messages import POLL_SECONDS, DeliveryQueueStore, StoreDown
from gateway.stages.guard import guarded
from gateway.stages.wakeup import Wakeup

_LEASE = 30.0
_ROOM = 64 << 20  # bytes of content in memory at once, exceeded by one message at most
_PAUSE = 2.0
_RETRY = 0.5  # well below _PAUSE: an outcome is recorded before the recipients are claimed again
_GATHER = 0.01  # seconds between claims while all slots are busy, so that one claim fills several slots
_OUTCOMES = {"Sent": "sent", "Deferred": "deferred", "Bounced": "bounced"}


@dataclass(slots=True)
class _RunningDelivery:
    claim: Claim
    leased_until: float  # by the monotonic clock, counted from before the claim was made
    task: asyncio.Task[None]


class Delivery:
    """Deliveries to one next hop, at most `concurrency` messages at a time.

    While the hop is not `reachable`, nothing is claimed: due recipients wait without an attempt.
    """

    def __init__(
        self, hop: NextHop, transport: Transport, queue: DeliveryQueueStore, clock: StoreClock,
        event_log: EventLog, *, concurrency: int, reachable: Callable[[], bool] = lambda: True,
    ) -> None:  # fmt: skip
        self._reachable = reachable
        self._hop, self._transport, self._queue, self._clock = hop, transport, queue, clock
        self._event_log, self._concurrency = event_log, concurrency
        self._running: dict[str, _RunningDelivery] = {}

    async def run(self, wakeup: Wakeup) -> None:
        """Deliver until `wakeup` is stopped, then finish running deliveries."""
        async with asyncio.TaskGroup() as group:
            renewal = group.create_task(self._renew_all())
            check_store = True
            while not wakeup.stopped:
                if not self._reachable():
                    await wakeup.rest(POLL_SECONDS)
                    check_store = True
                    continue
                try:
                    check_store = await self._begin(group, wakeup, check_store)
                except StoreDown:
                    self._event_log.store_lost("delivery")
                    await wakeup.rest(_PAUSE)
                    check_store = True
                    continue
                if check_store:
                    await asyncio.sleep(_GATHER)
            if self._running:
                await asyncio.wait([running.task for running in self._running.values()])
            renewal.cancel()

    async def _begin(self, group: asyncio.TaskGroup, wakeup: Wakeup, check_store: bool) -> bool:
        """Claim as much as there is room for and start delivering. True if more may be due already.

        The claim waits for recipients that become due in this process. After a wait without any, the store is checked
        for recipients that became due by time or in another process. If the hop became unreachable during the wait,
        the claims are given back.
        """
        free = self._concurrency - len(self._running)
        room = _ROOM - sum(len(running.claim.message.content) for running in self._running.values())
        if free <= 0 or room <= 0:
            return True
        claimed_at = time.monotonic()
        claims = await self._queue.claim(self._hop, free, _LEASE, None if check_store else wakeup, room=room)
        if claims and not self._reachable():
            await asyncio.gather(*(self._queue.record_outcomes(claim, {}, ()) for claim in claims))
            return False
        for claim in claims:
            task = group.create_task(self._deliver_one(claim, wakeup))
            self._running[claim.token] = _RunningDelivery(claim, claimed_at + _LEASE, task)
        if not claims:
            return not (check_store or wakeup.stopped) and await self._due()
        return len(claims) == free or sum(len(claim.message.content) for claim in claims) >= room

    async def _due(self) -> bool:
        due = await self._queue.next_due()
        return due is not None and due <= await self._clock.now()

    async def _deliver_one(self, claim: Claim, wakeup: Wakeup) -> None:
        outcomes: Mapping[str, Outcome] = {}

        async def attempt() -> None:
            nonlocal outcomes
            outcomes = await self._transport.deliver(self._hop, claim, lambda: self._still_ours(claim))
            await self._record(claim, outcomes)

        try:
            if not await guarded("delivery", self._event_log, attempt()) and not outcomes:
                await guarded("delivery", self._event_log, self._record(claim, _postponed(claim)))
        finally:
            self._running.pop(claim.token, None)
            if capabilities_of(claim.message.channel).keeps_order:
                wakeup.wake()  # the next text of its conversation waited for this one

    async def _record(self, claim: Claim, outcomes: Mapping[str, Outcome]) -> None:
        """Store the outcomes, unless the claim was lost.

        Repeats while the store is down, so that a message that was handed over is not sent twice.
        """
        message = claim.message
        while True:
            try:
                now = await self._clock.now()
                results, follow = conclude(claim, outcomes, now=now, entropy=random.random())
                ours = bool(outcomes) and await self._queue.record_outcomes(claim, results, follow)
                break
            except StoreDown:
                self._event_log.store_lost("delivery")
            await asyncio.sleep(_RETRY)
        if not ours:
            self._event_log.claim_lost(message.id)
            return
        counts = Counter(_OUTCOMES[type(outcome).__name__] for outcome in outcomes.values())
        self._event_log.delivered(message.id, message.channel, counts, _seconds(claim, outcomes, now))

    async def _still_ours(self, claim: Claim) -> bool:
        """Whether the claim still holds. While half of the lease is left it must; after that it is renewed first."""
        running = self._running[claim.token]
        if time.monotonic() < running.leased_until - _LEASE / 2:
            return True
        return await self._renew(running)

    async def _renew(self, running: _RunningDelivery) -> bool:
        renewed_at = time.monotonic()
        try:
            if await self._queue.renew(running.claim.token, _LEASE):
                running.leased_until = renewed_at + _LEASE
                return True
        except StoreDown:
            self._event_log.store_lost("delivery")
        return False

    async def _renew_all(self) -> None:
        while True:
            await asyncio.sleep(_LEASE / 4)
            for running in list(self._running.values()):
                await self._renew(running)


def _postponed(claim: Claim) -> Mapping[str, Outcome]:
    """After an unforeseen failure every recipient is tried again later."""
    later = Deferred("451 4.3.0 Delivery failed unexpectedly")
    return {claimed.recipient.address: later for claimed in claim.recipients}


def _seconds(claim: Claim, outcomes: Mapping[str, object], now: float) -> float | None:
    """Seconds from acceptance or release to now, None if nothing was sent."""
    if not any(isinstance(outcome, Sent) for outcome in outcomes.values()):
        return None
    return max(now - min(recipient.queued_at for recipient in claim.recipients), 0.0)
