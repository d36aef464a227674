"""Webhooks: send notices to the district's receiver until it has taken them."""

from __future__ import annotations

import asyncio

from gateway.observability.events import EventLog
from gateway.ports.clock import StoreClock
from gateway.ports.messages import StoreDown
from gateway.ports.urgency import WebhookNotice, WebhookReceiver, WebhookStore
from gateway.stages.guard import guarded
from gateway.stages.wakeup import Wakeup

_REQUESTS = 16
_LEASE = 13.0
"""Seconds after which another process sends what this one has claimed: longer than a request may take."""
_POLL = 1.0
_FIRST_RETRY, _LONGEST_RETRY = 2.0, 60.0


def retry_delay(attempts: int) -> float:
    """Seconds until a notice is sent again after so many attempts."""
    return min(_FIRST_RETRY * 2.0 ** min(attempts - 1, 10), _LONGEST_RETRY)


class Webhooks:
    """Sends notices to the district's receiver until it has taken them. Several processes may: one claims each notice.

    A receiver that is down, slow or refuses gets a notice again with growing delays, by the same id. No notice waits
    for another, and mail never waits for a receiver.
    """

    def __init__(self, store: WebhookStore, clock: StoreClock, receiver: WebhookReceiver, event_log: EventLog) -> None:
        self._store, self._clock, self._receiver, self._event_log = store, clock, receiver, event_log

    async def run(self, wakeup: Wakeup) -> None:
        """Send due notices until `wakeup` is stopped."""
        while not wakeup.stopped:
            again = False

            async def step() -> None:
                nonlocal again
                again = await self.step()

            try:
                await guarded("webhooks", self._event_log, step())
            except StoreDown:
                self._event_log.store_lost("webhooks")
            if not again:
                await wakeup.rest(_POLL)

    async def step(self) -> bool:
        """Send the notices that are due now. Returns whether more may be due."""
        claimed = await self._store.claim_due(_REQUESTS, _LEASE)
        if not claimed:
            return False
        answers = await asyncio.gather(*map(self._send, claimed))
        if taken := [notice.id for notice, why in zip(claimed, answers, strict=True) if not why]:
            await self._store.taken(taken)
        left = {notice.id: retry_delay(notice.attempts) for notice, why in zip(claimed, answers, strict=True) if why}
        if left:
            await self._store.postpone(left)
        return len(claimed) == _REQUESTS

    async def _send(self, notice: WebhookNotice) -> str:
        why = "failed"

        async def send() -> None:
            nonlocal why
            why = await self._receiver.send(notice, await self._clock.now())

        await guarded("webhooks", self._event_log, send())
        self._event_log.webhook_answered(notice.message, why, notice.attempts)
        return why
