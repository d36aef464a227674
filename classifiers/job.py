"""What is to be classified: one message as the classifiers get it, and its way through a pipe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from gateway.core.message import Channel, Said
from gateway.core.parties import Direction, Pair

BOTH_WAYS = ""
"""The direction of a message whose pairs do not all go the same way."""


@dataclass(frozen=True, slots=True)
class Job:
    """One message: its content, which is checked against `sha256` already, and what is known around it.

    `direction` is a Direction, or BOTH_WAYS; `sender` the envelope sender; `context` what the conversation said
    before, the oldest first; `pairs` the staff-student pairs of the message. Its subject is in the content.
    """

    id: str
    sha256: str
    channel: Channel
    direction: str
    content: bytes
    sender: str = ""
    context: tuple[Said, ...] = ()
    pairs: tuple[Pair, ...] = ()


def direction_of(pairs: Sequence[Pair]) -> str:
    """The direction that all pairs share, else BOTH_WAYS."""
    directions = {pair.direction for pair in pairs}
    return str(directions.pop()) if len(directions) == 1 else BOTH_WAYS


def pack(jobs: Sequence[Job]) -> list[bytes]:
    """Jobs as blobs: one of JSON for all, then the contents in order."""
    about = [
        {
            "id": job.id,
            "sha256": job.sha256,
            "channel": job.channel,
            "direction": job.direction,
            "sender": job.sender,
            "context": [asdict(said) for said in job.context],
            "pairs": [asdict(pair) for pair in job.pairs],
        }
        for job in jobs
    ]
    return [json.dumps(about).encode(), *(job.content for job in jobs)]


def unpack(blobs: Sequence[bytes]) -> list[Job]:
    """The jobs of `pack`."""
    return [
        Job(
            id=each["id"],
            sha256=each["sha256"],
            channel=Channel(each["channel"]),
            direction=each["direction"],
            content=content,
            sender=each["sender"],
            context=tuple(Said(**said) for said in each["context"]),
            pairs=tuple(Pair(**(pair | {"direction": Direction(pair["direction"])})) for pair in each["pairs"]),
        )
        for each, content in zip(json.loads(blobs[0]), blobs[1:], strict=True)
    ]
