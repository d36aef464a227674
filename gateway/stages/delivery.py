"""Delivery: due recipients are claimed, handed to their next hop, and their outcome is recorded.

First attempt, retry and an administrator's release are this one path. A claim is a lease: whoever dies with it loses
nothing, the recipients are due again when it ends.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.delivery import Claim, NextHop, Sent, conclude
from gateway.journal import Journal
from gateway.ports import Queue, Review, StoreDown, Transport
from gateway.stages.beat import Beat

_LEASE = 30.0
_PAUSE = 2.0
_WORDS = {"Sent": "sent", "Deferred": "deferred", "Bounced": "bounced"}


@dataclass(slots=True)
class _Running:
    claim: Claim
    ours_until: float  # by the monotonic clock, counted from before the claim was made


class Delivery:
    """Deliveries to one next hop, at most `concurrency` messages at a time."""

    def __init__(
        self, hop: NextHop, transport: Transport, queue: Queue, review: Review, journal: Journal, *, concurrency: int
    ) -> None:
        self._hop, self._transport, self._queue, self._review = hop, transport, queue, review
        self._journal, self._concurrency = journal, concurrency
        self._running: dict[str, _Running] = {}

    async def run(self, beat: Beat, followups: Beat) -> None:
        """Until the beat stops; then what is under way is finished."""
        async with asyncio.TaskGroup() as group:
            renewal = group.create_task(self._renew())
            while not beat.stopped:
                try:
                    free = self._concurrency - len(self._running)
                    asked = time.monotonic()
                    claims = await self._queue.claim(self._hop, free, _LEASE) if free else ()
                except StoreDown:
                    self._journal.store_lost("delivery")
                    await beat.rest(_PAUSE)
                    continue
                for claim in claims:
                    self._running[claim.token] = _Running(claim, asked + _LEASE)
                    group.create_task(self._one(claim, beat, followups))
                if not claims:
                    await beat.rest(await self._pause())
            while self._running:
                await beat.rest(1.0)
                await asyncio.sleep(0.05)
            renewal.cancel()

    async def _pause(self) -> float:
        """How long there is surely nothing due, at most a second: another process may make something due."""
        if len(self._running) >= self._concurrency:
            return 1.0
        try:
            due = await self._queue.next_due()
            return 1.0 if due is None else min(max(due - await self._review.now(), 0.02), 1.0)
        except StoreDown:
            return 1.0

    async def _one(self, claim: Claim, beat: Beat, followups: Beat) -> None:
        try:
            outcomes = await self._transport.deliver(self._hop, claim, lambda: self._still_ours(claim))
            now = await self._review.now()
            results, follow = conclude(claim, outcomes, now=now, entropy=random.random())
            if outcomes and await self._queue.conclude(claim, results, follow):
                counts = Counter(_WORDS[type(outcome).__name__] for outcome in outcomes.values())
                self._journal.delivered(claim.message.id, claim.message.channel, counts, _seconds(claim, outcomes, now))
                if follow:
                    followups.wake()
            else:
                self._journal.claim_lost(claim.message.id)
        except StoreDown:
            self._journal.store_lost("delivery")  # the lease ends and they are due again
        finally:
            self._running.pop(claim.token, None)
            beat.wake()

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
            self._journal.store_lost("delivery")
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
