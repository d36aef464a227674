"""Delivery: claim due recipients, hand them to their next hop, and record the outcome.

First attempts, retries and released messages all take this path. A claim is a lease: if the process dies, the
recipients are due again when the lease ends.

Between a next hop's 250 and our record of it, the end of the process means a second copy. So outcomes are written ahead
of everything else, and an outcome that cannot be recorded is kept with its item instead of being sent again.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.core.channels.registry import capabilities_of
from gateway.core.delivery.conclude import conclude
from gateway.core.delivery.retry import RetrySchedule
from gateway.core.messages.delivery import Claim, Deferred, NextHop, Outcome, Sent
from gateway.core.messages.work import WorkItem, WorkStage
from gateway.core.serialization.outcomes import encode_outcome
from gateway.ports.bus import BusDown
from gateway.ports.channels import Transport
from gateway.ports.clock import WatchedClock
from gateway.ports.messages import POLL_SECONDS, DeliveryQueueStore, StoreDown
from gateway.stages.guard import failure_of, guarded
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import WorkEngine

LEASE = 30.0
"""Seconds that a claim holds unless it is renewed."""
_ROOM = 64 << 20  # bytes of content in memory at once, exceeded by one message at most
_RETRY = 0.5  # well below a pause: an outcome is recorded before the recipients are claimed again
_RECORDINGS = 3  # attempts to record an outcome that fail in an unforeseen way, before it is kept with its item
_STEP = 1.0  # seconds that the wall clock moves against the monotonic one if it was set, or the machine slept
_GATHER = 0.01  # seconds between claims while all slots are busy, so that one claim fills several slots
_RETURN = 10.0  # seconds within which recipients are due that waited for a next hop that is back
_ALERT_SLOTS = 64  # calls for help by text in delivery at once while all other slots are taken
_LATE_EVERY = 10.0  # seconds between looks for recipients whose lifetime ends behind a next hop that is down
_LATE_BATCH = 20
_UNREACHED = Deferred("451 4.4.1 The next hop cannot be reached, try again later")
_OUTCOMES = {"Sent": "sent", "Deferred": "deferred", "Bounced": "bounced"}
_STAGE = WorkStage.DELIVERY


@dataclass(slots=True)
class _RunningDelivery:
    claim: Claim
    claimed_at: float  # by the monotonic clock, before the claim was made
    leased_until: float
    wall_offset: float  # of the wall clock from the monotonic one
    task: asyncio.Task[None]
    settled: bool  # whether the age of its recipients was certain when it was claimed


class Delivery:
    """Deliveries to one next hop, at most `concurrency` messages at a time.

    While the hop is not `reachable`, nothing is attempted: due recipients wait, until their lifetime is over. Once it
    is back, those that it could not be reached for are due soon. `returns` counts how often it came back.
    """

    def __init__(
        self, hop: NextHop, transport: Transport, queue: DeliveryQueueStore, clock: WatchedClock, engine: WorkEngine,
        *, concurrency: int, reachable: Callable[[], bool] = lambda: True, returns: Callable[[], int] = lambda: 0,
        schedule: RetrySchedule | None = None,
    ) -> None:  # fmt: skip
        self._reachable, self._returns = reachable, returns
        self._known_returns = -1  # it may have come back before the start
        self._look_for_late_at = self._look_for_alerts_at = 0.0
        self._hop, self._transport, self._queue, self._clock = hop, transport, queue, clock
        self._engine, self._event_log, self._concurrency = engine, engine.event_log, concurrency
        self._schedule = schedule or RetrySchedule(lifetime=capabilities_of(hop.channel).delivery_lifetime)
        self._running: dict[str, _RunningDelivery] = {}

    async def run(self, wakeup: Wakeup) -> None:
        """Deliver until `wakeup` is stopped, then finish running deliveries."""
        renewal = asyncio.create_task(self._renew_all())
        try:
            await self._engine.run(_STAGE, wakeup, lambda check_store: self._step(wakeup, check_store))
            if self._running:
                await asyncio.wait([running.task for running in self._running.values()])
        finally:
            tasks = [renewal, *(running.task for running in self._running.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _step(self, wakeup: Wakeup, check_store: bool) -> bool:
        if not self._reachable():
            await self._end_late(wakeup)
            await wakeup.rest(POLL_SECONDS)
            return True
        if (returns := self._returns()) != self._known_returns:
            await self._queue.bring_forward(self._hop, _RETURN)
            self._known_returns, check_store = returns, True
        check_store = await self._begin(wakeup, check_store)
        if check_store:
            await asyncio.sleep(_GATHER)
        return check_store

    async def _end_late(self, wakeup: Wakeup) -> None:
        """End deliveries whose lifetime is over, and report delays, while the next hop is down."""
        if time.monotonic() < self._look_for_late_at or not self._clock.settled():
            return
        schedule, claimed_at = self._schedule, time.monotonic()
        claimed = await self._queue.claim_late(
            self._hop, _LATE_BATCH, LEASE, ended=schedule.lifetime, warn=min(schedule.warn, schedule.lifetime)
        )
        for claim in await self._engine.readable(claimed):
            self._start(claim, claimed_at, wakeup, attempt=False)
        pause = 0.0 if len(claimed) == _LATE_BATCH else min(_LATE_EVERY, schedule.lifetime / 4)
        self._look_for_late_at = claimed_at + pause

    def _start(self, claim: Claim, claimed_at: float, wakeup: Wakeup, *, attempt: bool = True) -> None:
        task = asyncio.create_task(self._deliver_one(claim, wakeup, attempt=attempt))
        self._running[claim.token] = _RunningDelivery(
            claim, claimed_at, claimed_at + LEASE, _wall_offset(), task, self._clock.settled()
        )  # fmt: skip

    async def _begin(self, wakeup: Wakeup, check_store: bool) -> bool:
        """Claim as much as there is room for and start delivering. True if more may be due already.

        The claim waits for recipients that become due in this process. After a wait without any, the store is checked
        for recipients that became due by time or in another process. If the hop became unreachable during the wait,
        the claims are given back.
        """
        free = self._concurrency - len(self._running)
        room = _ROOM - sum(len(running.claim.message.content) for running in self._running.values())
        if free <= 0 or room <= 0:
            await self._begin_alerts(free, wakeup)
            return True
        claimed_at = time.monotonic()
        claimed = await self._queue.claim(self._hop, free, LEASE, None if check_store else wakeup, room=room)
        claims = await self._engine.readable(claimed)
        if claims and not self._reachable():
            give_back = (self._queue.record_outcomes(claim, {}, ()) for claim in claims)
            await asyncio.gather(*(guarded(_STAGE, self._event_log, giving) for giving in give_back))
            return False
        for claim in claims:
            self._start(claim, claimed_at, wakeup)
        if not claimed:
            return not (check_store or wakeup.stopped) and await self._due()
        return len(claimed) == free or sum(len(claim.message.content) for claim in claims) >= room

    async def _begin_alerts(self, free: int, wakeup: Wakeup) -> None:
        """Begin the calls for help that are due on a channel that keeps the order, although every slot is taken.

        A next hop that never answers keeps its slots for as long as it is waited for.
        """
        now, left = time.monotonic(), _ALERT_SLOTS + free
        if not capabilities_of(self._hop.channel).keeps_order or left <= 0 or now < self._look_for_alerts_at:
            return
        self._look_for_alerts_at = now + POLL_SECONDS
        for claim in await self._engine.readable(await self._queue.claim(self._hop, left, LEASE, alerts=True)):
            self._start(claim, now, wakeup)

    async def _due(self) -> bool:
        due = await self._queue.next_due()
        return due is not None and due <= await self._clock.now()

    async def _deliver_one(self, claim: Claim, wakeup: Wakeup, *, attempt: bool) -> None:
        """Deliver one message. Never raises: what fails is due again, at the latest when its lease ends.

        Without an `attempt`, the next hop is down.
        """
        outcomes: dict[str, Outcome] = {}

        async def hand_over() -> None:
            if attempt:
                outcomes.update(await self._hand_over(claim))
            else:
                outcomes.update((claimed.recipient.address, _UNREACHED) for claimed in claim.recipients)

        async def deliver() -> None:
            if await self._engine.attempt(lambda: _items(claim, claim.known), hand_over()):
                await self._record(claim, {**claim.known, **outcomes})

        try:
            await guarded(_STAGE, self._event_log, deliver())
        except (StoreDown, BusDown):
            self._event_log.store_lost(_STAGE)
        finally:
            self._running.pop(claim.token, None)
            if capabilities_of(claim.message.channel).keeps_order or 0 < len(outcomes) < len(claim.recipients):
                wakeup.wake()  # the next text of its conversation waited for this one, or there are recipients left

    async def _hand_over(self, claim: Claim) -> Mapping[str, Outcome]:
        """Hand the message over, except to recipients whose outcome is known from an earlier attempt."""
        left = tuple(claimed for claimed in claim.recipients if claimed.recipient.address not in claim.known)
        if not left:
            return {}
        rest = replace(claim, recipients=left) if claim.known else claim
        return await self._transport.deliver(self._hop, rest, lambda: self._still_ours(claim))

    async def _record(self, claim: Claim, outcomes: Mapping[str, Outcome]) -> None:
        """Store the outcomes, unless the claim was lost.

        Repeats while the store is down, so that a message that was handed over is not sent twice. Outcomes that fail
        to be recorded in an unforeseen way are kept with their items, and recorded when these are due again.
        """
        ended, failures = time.monotonic(), 0
        while outcomes:
            try:
                error = await failure_of(self._write(claim, outcomes, ended))
                if error is None:
                    return
                failures += 1
                if failures >= _RECORDINGS:
                    await self._engine.failed(_items(claim, outcomes), error)
                    return
                self._event_log.work_failed(_STAGE, error)
            except StoreDown:
                self._event_log.store_lost(_STAGE)
            await asyncio.sleep(_RETRY)
        self._event_log.claim_lost(claim.message.id)

    async def _write(self, claim: Claim, outcomes: Mapping[str, Outcome], ended: float) -> None:
        message = claim.message
        running = self._running[claim.token]
        now = claim.at + time.monotonic() - running.claimed_at
        schedule = self._schedule if running.settled else self._schedule.without_end()
        ending = conclude(claim, outcomes, now, random.random(), schedule)
        if not await self._queue.record_outcomes(claim, ending.results, ending.followups, warned=ending.warned):
            self._event_log.claim_lost(message.id)
            return
        counts = Counter(_OUTCOMES[type(outcome).__name__] for outcome in outcomes.values())
        self._event_log.delivered(message.id, message.channel, counts, _seconds(claim, outcomes, now))
        if "sent" in counts:
            self._event_log.outcome_recorded(time.monotonic() - ended)

    async def _still_ours(self, claim: Claim) -> bool:
        """Whether the claim still holds. While half of the lease is left it must; after that it is renewed first.

        It is renewed as well if the wall clock was set or the machine slept since: the lease may have ended.
        """
        running = self._running[claim.token]
        stepped = abs(_wall_offset() - running.wall_offset) > _STEP
        if time.monotonic() < running.leased_until - LEASE / 2 and not stepped:
            return True
        return await self._renew(running)

    async def _renew(self, running: _RunningDelivery) -> bool:
        renewed_at = time.monotonic()
        try:
            if await self._queue.renew(running.claim.token, LEASE):
                running.leased_until, running.wall_offset = renewed_at + LEASE, _wall_offset()
                return True
        except StoreDown:
            self._event_log.store_lost(_STAGE)
        return False

    async def _renew_all(self) -> None:
        while True:
            await asyncio.sleep(LEASE / 4)
            for running in list(self._running.values()):
                await guarded(_STAGE, self._event_log, self._renew(running))


def _wall_offset() -> float:
    return time.time() - time.monotonic()


def _items(claim: Claim, outcomes: Mapping[str, Outcome]) -> Sequence[WorkItem]:
    """The work items of a claim, one for each recipient, with its outcome if there is a final one."""
    id_ = claim.message.id
    return [
        WorkItem(
            _STAGE, f"{id_}/{claimed.position}", id_, claim.token,
            encode_outcome(outcomes.get(claimed.recipient.address)),
        )
        for claimed in claim.recipients
    ]  # fmt: skip


def _seconds(claim: Claim, outcomes: Mapping[str, object], now: float) -> float | None:
    """Seconds from acceptance or release to now, None if nothing was sent."""
    if not any(isinstance(outcome, Sent) for outcome in outcomes.values()):
        return None
    return max(now - min(recipient.queued_at for recipient in claim.recipients), 0.0)
