"""The four topics, and the places that name a record on them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.ports.bus import Record, RecordPosition


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic, by its name without the prefix.

    `content`: its records contain what people wrote, so they are kept no longer than `bus.retain`. `read`: a consumer
    group of ours reads it, so no record may be dropped before that group has committed it.
    """

    name: str
    partitions: int
    content: bool
    read: bool


DEAD_LETTERS = "dead-letters"

TOPICS = {
    topic.name: topic
    for topic in (
        Topic("messages", partitions=6, content=True, read=True),
        Topic("verdicts", partitions=6, content=True, read=True),
        Topic("decisions", partitions=3, content=False, read=False),
        Topic(DEAD_LETTERS, partitions=3, content=True, read=False),
    )
}

_PLACE = re.compile(r"([^:]*):(\d+):(\d+)")


def find_topic(name: str) -> Topic:
    """The topic of that name. Raises ValueError for any other name."""
    if name not in TOPICS:
        raise ValueError(f"no topic {name!r}: it is one of {', '.join(TOPICS)}")
    return TOPICS[name]


def place_of(epoch: str, partition: int, offset: int) -> str:
    """The place of a confirmed record. `epoch` identifies the cluster, or the process of a local bus, that holds it."""
    return f"{epoch}:{partition}:{offset}"


def parse_place(place: str) -> tuple[str, int, int] | None:
    """Epoch, partition and offset of a place. None if the string is not a place."""
    match = _PLACE.fullmatch(place)
    return (match[1], int(match[2]), int(match[3])) if match else None


def position_of(offset: int, *, committed: int, start: int, end: int) -> RecordPosition:
    """The position of an offset: `committed` of the group, `start` and `end` of the partition's log."""
    if offset >= end:
        return RecordPosition.GONE  # the log was truncated or recreated: this record was never written to it
    if offset < committed:
        return RecordPosition.PASSED
    return RecordPosition.AHEAD if offset >= start else RecordPosition.GONE


def next_offsets(records: Sequence[Record]) -> dict[int, int]:
    """By partition, the offset behind the last of some records."""
    offsets: dict[int, int] = {}
    for record in records:
        offsets[record.partition] = max(record.offset + 1, offsets.get(record.partition, 0))
    return offsets
