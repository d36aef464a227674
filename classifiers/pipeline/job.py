"""The unit of work: one message as the classifiers get it, and its encoding for the pipe to a worker."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from classifiers.extract.first_text import bytes_of_look, is_looked_at
from gateway.core.messages.media import MediaFile, media_parts
from gateway.core.messages.message import EarlierMessage, OutgoingMessage
from gateway.core.messages.parties import Direction, Pair
from gateway.core.mime.parts import Part

MIXED_DIRECTION = ""
"""The direction of a message whose pairs have different directions."""


@dataclass(frozen=True, slots=True)
class Job:
    """One message: its content, already checked against `sha256`, and what is known about it.

    `direction` is a Direction or MIXED_DIRECTION. `sender` is the envelope sender. `context` holds the earlier messages
    of the conversation, oldest first; `at` is when the message came, 0 if unknown. `pairs` are the staff-student pairs
    of the message. The subject is in the content. `media` are the downloaded pictures and files of a text message.
    """

    id: str
    sha256: str
    channel: str
    direction: str
    content: bytes
    sender: str = ""
    context: tuple[EarlierMessage, ...] = ()
    at: float = 0.0
    pairs: tuple[Pair, ...] = ()
    media: tuple[MediaFile, ...] = ()

    @property
    def size(self) -> int:
        """Bytes to classify."""
        return len(self.content) + sum(len(item.content) for item in self.media)


def direction_of(pairs: Sequence[Pair]) -> str:
    """The direction that all pairs share, else MIXED_DIRECTION."""
    directions = {pair.direction for pair in pairs}
    return str(directions.pop()) if len(directions) == 1 else MIXED_DIRECTION


def job_from_stored(outgoing: OutgoingMessage, media: Sequence[MediaFile] = ()) -> Job:
    """The job of a stored message, with its conversation. `media` are its downloaded files, with contents."""
    message = outgoing.message
    pairs = message.relation.pairs
    return Job(
        message.id, message.sha256, message.channel, direction_of(pairs), message.content, message.envelope.sender,
        outgoing.context, message.received_at, pairs, tuple(item for item in media if not item.failed),
    )  # fmt: skip


def job_to_look_at(job: Job) -> Job:
    """The job with the bytes only that a first look reads: a worker need not be sent the others."""
    media = tuple(item for item in job.media if is_looked_at(item.content))
    return replace(job, content=bytes_of_look(job.content, job.channel), media=media)


def conversation_of(item: object) -> tuple[tuple[EarlierMessage, ...], float]:
    """The earlier messages of a conversation, and when this one came. Only a Job has them."""
    return (item.context, item.at) if isinstance(item, Job) else ((), 0.0)


def files_of(item: object) -> list[Part]:
    """The pictures and files of a text message as its parts. Only a Job has them."""
    return media_parts(item.media) if isinstance(item, Job) else []


def contents_of_files(item: object) -> list[bytes]:
    """The bytes of the pictures and files of a text message. Only a Job has them."""
    return [file.content for file in item.media] if isinstance(item, Job) else []


_EARLIER, _PAIR = (tuple(field.name for field in fields(kind)) for kind in (EarlierMessage, Pair))


def _values(item: EarlierMessage | Pair, names: Sequence[str]) -> dict[str, object]:
    return {name: getattr(item, name) for name in names}  # `asdict` would copy every value


def pack_jobs(jobs: Sequence[Job]) -> list[bytes]:
    """Jobs as blobs: JSON for all of them, then the contents in order, each followed by those of its media."""
    about = [
        {
            "id": job.id,
            "sha256": job.sha256,
            "channel": job.channel,
            "direction": job.direction,
            "sender": job.sender,
            "context": [_values(earlier, _EARLIER) for earlier in job.context],
            "at": job.at,
            "pairs": [_values(pair, _PAIR) for pair in job.pairs],
            "media": [(item.number, item.media_type, item.size, item.sha256) for item in job.media],
        }
        for job in jobs
    ]
    contents = (blob for job in jobs for blob in (job.content, *(item.content for item in job.media)))
    return [json.dumps(about).encode(), *contents]


def unpack_jobs(blobs: Sequence[bytes]) -> list[Job]:
    """The jobs of `pack_jobs`."""
    rest = iter(blobs[1:])
    return [
        Job(
            id=item["id"],
            sha256=item["sha256"],
            channel=item["channel"],
            direction=item["direction"],
            content=next(rest),
            sender=item["sender"],
            context=tuple(EarlierMessage(**earlier) for earlier in item["context"]),
            at=item["at"],
            pairs=tuple(Pair(**(pair | {"direction": Direction(pair["direction"])})) for pair in item["pairs"]),
            media=tuple(
                MediaFile(number, kind, size, digest, "", next(rest)) for number, kind, size, digest in item["media"]
            ),
        )
        for item in json.loads(blobs[0])
    ]
