"""What is to be classified: one message as the classifiers get it, and its way through a pipe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from gateway.core.messages.media import MediaFile, media_parts
from gateway.core.messages.message import Channel, EarlierMessage, OutgoingMessage
from gateway.core.messages.parties import Direction, Pair
from gateway.core.mime.parts import Part

BOTH_WAYS = ""
"""The direction of a message whose pairs do not all go the same way."""


@dataclass(frozen=True, slots=True)
class Job:
    """One message: its content, which is checked against `sha256` already, and what is known around it.

    `direction` is a Direction, or BOTH_WAYS; `sender` the envelope sender; `context` what the conversation said
    before, the oldest first, `at` when the message came, 0 where nobody knows; `pairs` the staff-student pairs of the
    message. Its subject is in the content. `media`: the pictures and files of a text that were fetched.
    """

    id: str
    sha256: str
    channel: Channel
    direction: str
    content: bytes
    sender: str = ""
    context: tuple[EarlierMessage, ...] = ()
    at: float = 0.0
    pairs: tuple[Pair, ...] = ()
    media: tuple[MediaFile, ...] = ()

    @property
    def size(self) -> int:
        """Bytes that are to be read."""
        return len(self.content) + sum(len(each.content) for each in self.media)


def direction_of(pairs: Sequence[Pair]) -> str:
    """The direction that all pairs share, else BOTH_WAYS."""
    directions = {pair.direction for pair in pairs}
    return str(directions.pop()) if len(directions) == 1 else BOTH_WAYS


def job_of(outgoing: OutgoingMessage, media: Sequence[MediaFile] = ()) -> Job:
    """The job of a stored message, with what its conversation said before it; `media` are fetched, with contents."""
    message = outgoing.message
    pairs = message.relation.pairs
    return Job(
        message.id, message.sha256, message.channel, direction_of(pairs), message.content, message.envelope.sender,
        outgoing.context, message.received_at, pairs, tuple(each for each in media if not each.failed),
    )  # fmt: skip


def said_before(item: object) -> tuple[tuple[EarlierMessage, ...], float]:
    """What the conversation said before a message, and when that came; of anything but a job nothing is known."""
    return (item.context, item.at) if isinstance(item, Job) else ((), 0.0)


def files_of(item: object) -> list[Part]:
    """The pictures and files of a text as parts of it; of anything but a job there are none."""
    return media_parts(item.media) if isinstance(item, Job) else []


def pack(jobs: Sequence[Job]) -> list[bytes]:
    """Jobs as blobs: one of JSON for all, then the contents in order, each with those of its media behind it."""
    about = [
        {
            "id": job.id,
            "sha256": job.sha256,
            "channel": job.channel,
            "direction": job.direction,
            "sender": job.sender,
            "context": [asdict(said) for said in job.context],
            "at": job.at,
            "pairs": [asdict(pair) for pair in job.pairs],
            "media": [(each.number, each.media_type, each.size, each.sha256) for each in job.media],
        }
        for job in jobs
    ]
    contents = (blob for job in jobs for blob in (job.content, *(each.content for each in job.media)))
    return [json.dumps(about).encode(), *contents]


def unpack(blobs: Sequence[bytes]) -> list[Job]:
    """The jobs of `pack`."""
    rest = iter(blobs[1:])
    return [
        Job(
            id=each["id"],
            sha256=each["sha256"],
            channel=Channel(each["channel"]),
            direction=each["direction"],
            content=next(rest),
            sender=each["sender"],
            context=tuple(EarlierMessage(**said) for said in each["context"]),
            at=each["at"],
            pairs=tuple(Pair(**(pair | {"direction": Direction(pair["direction"])})) for pair in each["pairs"]),
            media=tuple(
                MediaFile(number, kind, size, digest, "", next(rest)) for number, kind, size, digest in each["media"]
            ),
        )
        for each in json.loads(blobs[0])
    ]
