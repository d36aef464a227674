"""Publication: accepted messages go to the topic `messages` at once, or when the bus is back.

The store is the outbox. A message is published again only if its record is gone, was never confirmed, or was committed
without a verdict. It is never published again because the classifiers are slow.
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
from gateway.stages.guard import guarded
from gateway.stages.wakeup import Wakeup

GROUP = "classifiers"
_BATCH = 64
_ROOM = 16 << 20  # bytes of content in memory at once, exceeded by one message at most
_LEASE = 30.0
_PAUSE = 2.0
_LOOK_BACK = 86400.0  # a message older than the retention of the topics is not classified anymore


async def publish(outbox: OutboxStore, bus: Bus, event_log: EventLog, wakeup: Wakeup, *, max_inline: int) -> None:
    """Publish due messages until `wakeup` is stopped."""
    async with asyncio.TaskGroup() as group:
        check_store = True
        while not wakeup.stopped:
            try:
                batch = await outbox.claim_unpublished(
                    _BATCH, _LEASE, None if check_store else wakeup, inline=max_inline, room=_ROOM
                )
                check_store = len(batch) == _BATCH or sum(len(outgoing.message.content) for outgoing in batch) >= _ROOM
                confirmed = await _publish(outbox, bus, event_log, batch, max_inline) if batch else {}
                if confirmed:
                    group.create_task(_mark_published(outbox, event_log, confirmed))
                if len(confirmed) < len(batch):
                    await wakeup.rest(POLL_SECONDS)
            except BusDown:
                await wakeup.rest(_PAUSE)
                check_store = True
            except StoreDown:
                event_log.store_lost("publication")
                await wakeup.rest(_PAUSE)
                check_store = True


async def _publish(
    outbox: OutboxStore, bus: Bus, event_log: EventLog, batch: Sequence[OutgoingMessage], max_inline: int
) -> Mapping[str, str]:
    """Publish a batch. The places of the confirmed records, by message id."""
    records: list[Record] = []

    async def add_record(outgoing: OutgoingMessage) -> None:
        key, value, header = message_record(outgoing, max_inline=max_inline)
        records.append(Record("messages", key, value, ((HEADER, header),)))

    # a message that has no record stays claimed, and is due again when its lease ends
    batch = [outgoing for outgoing in batch if await guarded("publication", event_log, add_record(outgoing))]
    if not batch:
        return {}
    try:
        places = await bus.publish(records)
    except BusDown:
        await outbox.publish_again([outgoing.message.id for outgoing in batch])
        raise
    ids = [outgoing.message.id for outgoing in batch]
    confirmed = {id_: place for id_, place in zip(ids, places, strict=True) if place is not None}
    if len(confirmed) < len(batch):
        await outbox.publish_again([id_ for id_ in ids if id_ not in confirmed])
    event_log.published(len(confirmed))
    return confirmed


async def _mark_published(outbox: OutboxStore, event_log: EventLog, confirmed: Mapping[str, str]) -> None:
    """Store the places while the next batch is published. If that fails, the messages are published again."""
    try:
        await outbox.mark_published(confirmed)
    except StoreDown:
        event_log.store_lost("publication")


async def republish_lost(
    outbox: OutboxStore, clock: StoreClock, bus: Bus, event_log: EventLog, wakeup: Wakeup, *, verdict_timeout: float
) -> None:
    """Publish messages again whose record can no longer be answered: at the start, then after one verdict timeout each.

    That includes messages delivered without a verdict (in shadow mode or after a timeout), which still get classified.
    Records that the group committed before this process began may be answered by verdicts that are not consumed yet.
    They get one timeout for that, so that a backlog is not classified twice.
    """
    min_age, started = 0.0, None
    while not wakeup.stopped:
        try:
            now = await clock.now()
            started = now if started is None else started
            answerable = (
                {RecordPosition.AHEAD}
                if now - started >= verdict_timeout
                else {RecordPosition.AHEAD, RecordPosition.PASSED}
            )
            waiting = await outbox.unclassified(now - _LOOK_BACK, now - min_age, 1000)
            places = {message.id: message.place for message in waiting if message.place is not None}
            positions = await bus.positions("messages", GROUP, list(places.values()))
            lost = {
                message_id: position
                for message_id, position in zip(places, positions, strict=True)
                if position not in answerable
            }
            for message_id, position in lost.items():
                event_log.republished(message_id, position)
            if lost:
                await outbox.publish_again(list(lost))
            min_age = verdict_timeout
        except BusDown:
            pass  # nothing is lost: unconfirmed messages are published once the bus is back
        except StoreDown:
            event_log.store_lost("publication")
        await wakeup.rest(max(verdict_timeout / 4, 0.2))
