"""Delivery: due recipients are claimed, handed to their next hop, and their outcome is recorded.

First attempt, retry and an administrator's release are this one path. A claim is a lease: whoever dies with it loses
nothing, the recipients are due again when it ends.
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
from gateway.core.messages.delivery import Claim, NextHop, Outcome, Sent
from gateway.observability.events import EventLog
from gateway.ports.channels import Transport
from gateway.ports.clock import StoreClock
from gateway.ports.messages import POLL_SECONDS, DeliveryQueueStore, StoreDown
from gateway.stages.wakeup import Wakeup

_LEASE = 30.0
_ROOM = 64 << 20  # bytes of content in hand at once, and one message more at most
_PAUSE = 2.0
_RETRY = 0.5  # well below _PAUSE: what ended is recorded before it is claimed again
_GATHER = 0.01  # seconds between claims while there is more to do than may be done at once: one serves several places
_WORDS = {"Sent": "sent", "Deferred": "deferred", "Bounced": "bounced"}


@dataclass(slots=True)
class _Running:
    claim: Claim
    ours_until: float  # by the monotonic clock, counted from before the claim was made
    task: asyncio.Task[None]


class Delivery:
    """Deliveries to one next hop, at most `concurrency` messages at a time.

    While it is not `reachable`, nothing is claimed: what is due waits without an attempt.
    """

    def __init__(
        self, hop: NextHop, transport: Transport, queue: DeliveryQueueStore, clock: StoreClock,
        event_log: EventLog, *, concurrency: int, reachable: Callable[[], bool] = lambda: True,
    ) -> None:  # fmt: skip
        self._reachable = reachable
        self._hop, self._transport, self._queue, self._clock = hop, transport, queue, clock
        self._event_log, self._concurrency = event_log, concurrency
        self._running: dict[str, _Running] = {}

    async def run(self, wakeup: Wakeup) -> None:
        """Until the beat stops; then what is under way is finished."""
        async with asyncio.TaskGroup() as group:
            renewal = group.create_task(self._renew())
            look = True
            while not wakeup.stopped:
                if not self._reachable():
                    await wakeup.rest(POLL_SECONDS)
                    look = True
                    continue
                try:
                    look = await self._begin(group, wakeup, look)
                except StoreDown:
                    self._event_log.store_lost("delivery")
                    await wakeup.rest(_PAUSE)
                    look = True
                    continue
                if look:
                    await asyncio.sleep(_GATHER)
            if self._running:
                await asyncio.wait([running.task for running in self._running.values()])
            renewal.cancel()

    async def _begin(self, group: asyncio.TaskGroup, wakeup: Wakeup, look: bool) -> bool:
        """Claim what there is room for and set out with it; whether it is to be looked for more that is due.

        What becomes due in this process is claimed with that; when it was quiet it is looked whether another process,
        or the time, made something due. A hop may have gone away while that was waited for: then it is given back.
        """
        free = self._concurrency - len(self._running)
        room = _ROOM - sum(len(running.claim.message.content) for running in self._running.values())
        if free <= 0 or room <= 0:
            return True
        asked = time.monotonic()
        claims = await self._queue.claim(self._hop, free, _LEASE, None if look else wakeup, room=room)
        if claims and not self._reachable():
            await asyncio.gather(*(self._queue.record_outcomes(claim, {}, ()) for claim in claims))
            return False
        for claim in claims:
            task = group.create_task(self._one(claim, wakeup))
            self._running[claim.token] = _Running(claim, asked + _LEASE, task)
        if not claims:
            return not (look or wakeup.stopped) and await self._due()
        return len(claims) == free or sum(len(claim.message.content) for claim in claims) >= room

    async def _due(self) -> bool:
        due = await self._queue.next_due()
        return due is not None and due <= await self._clock.now()

    async def _one(self, claim: Claim, wakeup: Wakeup) -> None:
        try:
            outcomes = await self._transport.deliver(self._hop, claim, lambda: self._still_ours(claim))
            await self._record(claim, outcomes)
        finally:
            self._running.pop(claim.token, None)
            if capabilities_of(claim.message.channel).keeps_order:
                wakeup.wake()  # the next text of its conversation waited for this one

    async def _record(self, claim: Claim, outcomes: Mapping[str, Outcome]) -> None:
        """Put in the store how it ended, unless that is somebody else's to say by now.

        While the store is away it is tried again and again: what was handed over is not to go out twice for that.
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
        counts = Counter(_WORDS[type(outcome).__name__] for outcome in outcomes.values())
        self._event_log.delivered(message.id, message.channel, counts, _seconds(claim, outcomes, now))

    async def _still_ours(self, claim: Claim) -> bool:
        """While half of the lease is left nobody else can have it; after that the store is asked."""
        running = self._running[claim.token]
        if time.monotonic() < running.ours_until - _LEASE / 2:
            return True
        return await self._renewed(running)

    async def _renewed(self, running: _Running) -> bool:
        asked = time.monotonic()
        try:
            if await self._queue.renew(running.claim.token, _LEASE):
                running.ours_until = asked + _LEASE
                return True
        except StoreDown:
            self._event_log.store_lost("delivery")
        return False

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_LEASE / 4)
            for running in list(self._running.values()):
                await self._renewed(running)


def _seconds(claim: Claim, outcomes: Mapping[str, object], now: float) -> float | None:
    """From the beginning of the delivery lifetime (acceptance or release) to now, where something was sent."""
    if not any(isinstance(outcome, Sent) for outcome in outcomes.values()):
        return None
    return max(now - min(each.queued_at for each in claim.recipients), 0.0)
