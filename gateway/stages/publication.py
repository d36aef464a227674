"""Publication: accepted messages go to the topic `messages`, at once, and again when the bus is back.

The store is the outbox. A message is published again only where its record is gone, was never confirmed, or was
committed past without a verdict; never because the classifiers are behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from gateway.core.messages.message import OutgoingMessage
from gateway.core.serialization.wire import HEADER, message_record
from gateway.observability.events import EventLog
from gateway.ports.bus import Bus, BusDown, Record, RecordPosition
from gateway.ports.clock import StoreClock
from gateway.ports.messages import POLL_SECONDS, OutboxStore, StoreDown
from gateway.stages.wakeup import Wakeup

GROUP = "classifiers"
_BATCH = 64
_ROOM = 16 << 20  # bytes of content in hand at once, and one message more at most
_LEASE = 30.0
_PAUSE = 2.0
_LOOK_BACK = 86400.0  # a message that is older than the topics keep is not read any more, whoever decided it


async def publish(outbox: OutboxStore, bus: Bus, event_log: EventLog, wakeup: Wakeup, *, max_inline: int) -> None:
    """Publish what is due until the beat stops."""
    async with asyncio.TaskGroup() as notes:
        look = True
        while not wakeup.stopped:
            try:
                batch = await outbox.claim_unpublished(
                    _BATCH, _LEASE, None if look else wakeup, inline=max_inline, room=_ROOM
                )
                look = len(batch) == _BATCH or sum(len(each.message.content) for each in batch) >= _ROOM
                confirmed = await _publish(outbox, bus, event_log, batch, max_inline) if batch else {}
                if confirmed:
                    notes.create_task(_note(outbox, event_log, confirmed))
                if len(confirmed) < len(batch):
                    await wakeup.rest(POLL_SECONDS)
            except BusDown:
                await wakeup.rest(_PAUSE)
                look = True
            except StoreDown:
                event_log.store_lost("publication")
                await wakeup.rest(_PAUSE)
                look = True


async def _publish(
    outbox: OutboxStore, bus: Bus, event_log: EventLog, batch: Sequence[OutgoingMessage], max_inline: int
) -> Mapping[str, str]:
    """The places of what the bus confirmed, by message id."""
    records = []
    for each in batch:
        key, value, header = message_record(each, max_inline=max_inline)
        records.append(Record("messages", key, value, ((HEADER, header),)))
    try:
        places = await bus.publish(records)
    except BusDown:
        await outbox.publish_again([each.message.id for each in batch])
        raise
    confirmed = {each.message.id: place for each, place in zip(batch, places, strict=True) if place is not None}
    if len(confirmed) < len(batch):
        await outbox.publish_again([each.message.id for each in batch if each.message.id not in confirmed])
    event_log.published(len(confirmed))
    return confirmed


async def _note(outbox: OutboxStore, event_log: EventLog, confirmed: Mapping[str, str]) -> None:
    """Have it noted while the next ones are published: what is lost with the store is published again."""
    try:
        await outbox.mark_published(confirmed)
    except StoreDown:
        event_log.store_lost("publication")


async def publish_lost(
    outbox: OutboxStore, clock: StoreClock, bus: Bus, event_log: EventLog, wakeup: Wakeup, *, verdict_timeout: float
) -> None:
    """Look at once, and then whenever a message waited one timeout, whether its record can still be answered.

    Decided or not: what was delivered without a verdict, in shadow mode or for want of one, is to be read all the same.
    What the group had committed before this process began may be answered by verdicts that are yet to be consumed: they
    have one timeout for that, lest a backlog is read twice.
    """
    patience, started = 0.0, None
    while not wakeup.stopped:
        try:
            now = await clock.now()
            started = now if started is None else started
            answerable = (
                {RecordPosition.AHEAD}
                if now - started >= verdict_timeout
                else {RecordPosition.AHEAD, RecordPosition.PASSED}
            )
            waiting = await outbox.unclassified(now - _LOOK_BACK, now - patience, 1000)
            published = [each for each in waiting if each.place is not None]
            standings = await bus.positions("messages", GROUP, [each.place for each in published if each.place])
            lost = {
                each.id: standing
                for each, standing in zip(published, standings, strict=True)
                if standing not in answerable
            }
            for message_id, standing in lost.items():
                event_log.republished(message_id, standing)
            if lost:
                await outbox.publish_again(list(lost))
            patience = verdict_timeout
        except BusDown:
            pass  # a bus that is down loses nothing: what is unconfirmed is published when it is back
        except StoreDown:
            event_log.store_lost("publication")
        await wakeup.rest(max(verdict_timeout / 4, 0.2))
