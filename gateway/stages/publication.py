"""Publication: accepted messages go to the topic `messages` at once, or when the bus is back.

The store is the outbox. A message is published again only if its record is gone, was never confirmed, or was committed
without a verdict. It is never published again because the classifiers are slow.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from gateway.core.messages.message import OutgoingMessage
from gateway.core.messages.work import WorkItem, WorkStage
from gateway.core.serialization.wire import HEADER, message_record
from gateway.observability.events import EventLog
from gateway.ports.bus import REFUSED, Bus, BusDown, Record, RecordPosition
from gateway.ports.clock import StoreClock
from gateway.ports.messages import POLL_SECONDS, OutboxStore, StoreDown
from gateway.stages.guard import guarded
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import RecordRefused, WorkEngine

GROUPS = ("classifiers", "classifiers-students")
"""The consumer groups that publish verdicts. Each skips the messages of the other."""
_BATCH = 64
_ROOM = 16 << 20  # bytes of content in memory at once, exceeded by one message at most
_LEASE = 30.0
_LOOK = 1000  # messages without a verdict of one look for lost records
_STAGE = WorkStage.PUBLICATION


class Publication:
    """Publishes accepted messages."""

    def __init__(self, outbox: OutboxStore, bus: Bus, engine: WorkEngine, *, max_inline: int) -> None:
        self._outbox, self._bus, self._engine, self._max_inline = outbox, bus, engine, max_inline
        self._marking: set[asyncio.Task[bool]] = set()

    async def run(self, wakeup: Wakeup) -> None:
        """Publish due messages until `wakeup` is stopped."""
        await self._engine.run(_STAGE, wakeup, lambda check_store: self._step(wakeup, check_store))
        await asyncio.gather(*self._marking)

    async def _step(self, wakeup: Wakeup, check_store: bool) -> bool:
        claimed = await self._outbox.claim_unpublished(
            _BATCH, _LEASE, None if check_store else wakeup, inline=self._max_inline, room=_ROOM
        )
        batch = await self._engine.readable(claimed)
        confirmed = await self._publish(batch) if batch else {}
        if confirmed:
            marking = asyncio.create_task(guarded(_STAGE, self._engine.event_log, self._mark_published(confirmed)))
            self._marking.add(marking)
            marking.add_done_callback(self._marking.discard)
        if len(confirmed) < len(batch):
            await wakeup.rest(POLL_SECONDS)
        return len(claimed) == _BATCH or sum(len(outgoing.message.content) for outgoing in batch) >= _ROOM

    async def _publish(self, batch: Sequence[OutgoingMessage]) -> Mapping[str, str]:
        """Publish a batch. The places of the confirmed records, by message id."""
        places: dict[str, str | None] = {}

        async def publish(outgoing: Sequence[OutgoingMessage]) -> None:
            places.update(await self._write(outgoing))

        ids = [outgoing.message.id for outgoing in batch]
        try:
            published = await self._engine.attempt_each(batch, lambda item: _item(item.message.id), publish)
        except BusDown:
            await self._publish_again([id_ for id_ in ids if not places.get(id_)])
            if not any(places.values()):
                raise
            published = batch
        confirmed = {id_: place for id_, place in places.items() if place}
        missing = [item.message.id for item in published if places.get(item.message.id) is None]
        await self._publish_again(missing)
        await self._engine.failed([_item(id_) for id_ in ids if places.get(id_) == REFUSED], RecordRefused())
        self._engine.event_log.published(len(confirmed))
        return confirmed

    async def _write(self, outgoing: Sequence[OutgoingMessage]) -> Mapping[str, str | None]:
        records = []
        for item in outgoing:
            key, value, header = message_record(item, max_inline=self._max_inline)
            records.append(Record("messages", key, value, ((HEADER, header),)))
        places = await self._bus.publish(records)
        return {item.message.id: place for item, place in zip(outgoing, places, strict=True)}

    async def _publish_again(self, ids: Sequence[str]) -> None:
        await self._engine.attempt_each(ids, _item, self._outbox.publish_again)

    async def _mark_published(self, confirmed: Mapping[str, str]) -> None:
        """Store the places while the next batch is published. What fails is published again after its lease."""

        async def mark(places: Sequence[tuple[str, str]]) -> None:
            await self._outbox.mark_published(dict(places))

        try:
            await self._engine.attempt_each(list(confirmed.items()), lambda place: _item(place[0]), mark)
        except StoreDown:
            self._engine.event_log.store_lost(_STAGE)


def _item(message_id: str) -> WorkItem:
    return WorkItem(_STAGE, message_id, message_id)


async def republish_lost(
    outbox: OutboxStore, clock: StoreClock, bus: Bus, event_log: EventLog, wakeup: Wakeup, *, verdict_timeout: float
) -> None:
    """Publish messages again whose record can no longer be answered: at the start, then after one verdict timeout each.

    That includes messages delivered without a verdict (in shadow mode or after a timeout), which still get classified,
    and messages of any age: an outage may have been long, and clocks may have been set.
    Records that the group committed before this process began may be answered by verdicts that are not consumed yet.
    They get one timeout for that, so that a backlog is not classified twice.
    """
    min_age, started = 0.0, time.monotonic()
    while not wakeup.stopped:
        try:
            now = await clock.now()
            answerable = (
                {RecordPosition.AHEAD}
                if time.monotonic() - started >= verdict_timeout
                else {RecordPosition.AHEAD, RecordPosition.PASSED}
            )
            waiting = await outbox.unclassified(now, min_age, _LOOK)
            places = {message.id: message.place for message in waiting if message.place is not None}
            positions = [await bus.positions("messages", group, list(places.values())) for group in GROUPS]
            lost = {
                message_id: position
                for message_id, *of_groups in zip(places, *positions, strict=True)
                if (position := _least_advanced(of_groups)) not in answerable
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


def _least_advanced(positions: Sequence[RecordPosition]) -> RecordPosition:
    """The position that counts: a record is lost only if no group is still to read it."""
    return next((one for one in (RecordPosition.AHEAD, RecordPosition.GONE) if one in positions), RecordPosition.PASSED)
