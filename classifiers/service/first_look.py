"""The lane of first looks: finds calls for help in messages of students that have no verdict soon.

A look is cheap and bounded, so it is far ahead of the readings. What it finds is published as a first look: the policy
may alert by it and does nothing else with it, and the verdict of the reading follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol

from classifiers.service.reading import BatchClassifier
from classifiers.service.records import AnsweredRecords, JobReader, UnreadableRecord, is_by_student
from gateway.core.messages.verdict import Verdict
from gateway.core.serialization.wire import encode_verdict
from gateway.ports.bus import Bus, BusDown, Record
from gateway.ports.messages import StoreDown

GROUP = "classifiers-first-look"
MIN_SCORE = 0.5
"""The help score from which a first look is published. The policy has its own threshold."""
PATIENCE = 1.0
"""Seconds in which a message usually has its verdict, so that no look is needed."""
_RECORDS, _BATCH, _ROUNDS = 64, 8, 128
_SHORT = 16 << 10
"""Bytes of a short message. A plain call for help is short, and waits for no long message."""


class UnansweredMessages(Protocol):
    """The store, as far as first looks use it: `gateway.ports.messages.OutboxStore` is one."""

    async def unanswered(self, ids: Collection[str]) -> Collection[str]:
        """Those of some messages that have no verdict. Raises StoreDown."""


class FirstLookLane:
    """Looks at messages of students that have no verdict after `patience` seconds, or twice that while readings go on.

    `looks` has the workers for short messages, `long_looks` those for others. `answered`: the records that this process
    has answered, which saves asking the store.
    """

    group, records = GROUP, _RECORDS

    def __init__(
        self, bus: Bus, jobs: JobReader, looks: BatchClassifier, long_looks: BatchClassifier,
        store: UnansweredMessages, *, answered: AnsweredRecords, patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        self._bus, self._jobs, self._store = bus, jobs, store
        self._looks, self._long_looks = looks, long_looks
        self._answered, self._patience = answered, patience

    def takes(self, record: Record) -> bool:
        """See classifiers.service.consumer.Lane."""
        return is_by_student(record)

    def has_room(self, rounds: int) -> bool:
        """See classifiers.service.consumer.Lane."""
        return rounds < _ROUNDS

    async def work(self, records: Sequence[Record]) -> None:
        """See classifiers.service.consumer.Lane."""
        await asyncio.sleep(self._patience)
        if self._answered.is_growing() and any(record not in self._answered for record in records):
            await asyncio.sleep(self._patience)  # a queue that is only long: a look at all of it would make it longer
        unanswered = await self._unanswered([record for record in records if record not in self._answered])
        short = [record for record in unanswered if 0 < len(record.value) <= _SHORT]
        long = [record for record in unanswered if record not in short]
        await asyncio.gather(self._look(short, self._looks), self._look(long, self._long_looks))

    async def _unanswered(self, records: Sequence[Record]) -> list[Record]:
        """The records of messages without a verdict. If the store is unavailable, all of them."""
        by_id: dict[str, Record] = {}
        if not records:
            return []
        for record in records:
            try:
                by_id[self._jobs.message_of(record).id] = record
            except UnreadableRecord:
                continue  # the lane that reads it reports it
        try:
            ids = await self._store.unanswered(by_id.keys())
        except StoreDown:
            return list(by_id.values())
        return [record for id_, record in by_id.items() if id_ in ids]

    async def _look(self, records: Sequence[Record], looks: BatchClassifier) -> None:
        for at in range(0, len(records), _BATCH):
            jobs, keys = [], []
            for record in records[at : at + _BATCH]:
                try:
                    job, _ = await self._jobs.job_of(record)
                except UnreadableRecord:
                    continue
                jobs.append(job)
                keys.append(record.key)
            await self._publish(keys, await looks.classify(jobs))

    async def _publish(self, keys: Sequence[bytes], verdicts: Sequence[Verdict]) -> None:
        """Publish what may be a call for help. Raises BusDown unless all of it is confirmed."""
        found = [
            Record("verdicts", key, encode_verdict(verdict))
            for key, verdict in zip(keys, verdicts, strict=True)
            if is_suspected(verdict)
        ]
        if found and not all(await self._bus.publish(found)):
            raise BusDown("some first looks were not confirmed")


def is_suspected(look: Verdict) -> bool:
    """Whether a look found what may be a call for help. A look that failed has found nothing."""
    return look.first_look and look.help >= MIN_SCORE
