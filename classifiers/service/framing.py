"""Frames of blobs on the pipe between the consumer and a worker: a count, the lengths, the bytes."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO

_NUMBER = struct.Struct("!I")
_MAX_BLOBS = 4096  # blobs in a frame, at most
_MAX_BLOB_BYTES = 1 << 30


class FrameError(Exception):
    """The data is not a valid frame."""


def frame_header(blobs: Sequence[bytes]) -> bytes:
    """The header of a frame. The blobs follow it."""
    return b"".join(_NUMBER.pack(number) for number in (len(blobs), *map(len, blobs)))


def write_frame(stream: BinaryIO, blobs: Sequence[bytes]) -> None:
    """Write one frame."""
    stream.write(frame_header(blobs))
    stream.writelines(blobs)
    stream.flush()


def read_frame(stream: BinaryIO) -> list[bytes] | None:
    """The next frame; None at the end of the stream. Raises FrameError."""
    count = stream.read(_NUMBER.size)
    if not count:
        return None
    lengths = list(_lengths(_read_exactly(stream, _NUMBER.size * _parse_count(count))))
    return [_read_exactly(stream, length) for length in lengths]


async def read_frame_async(stream: asyncio.StreamReader) -> list[bytes]:
    """The next frame. Raises FrameError, or asyncio.IncompleteReadError at the end of the stream."""
    count = await stream.readexactly(_NUMBER.size)
    lengths = list(_lengths(await stream.readexactly(_NUMBER.size * _parse_count(count))))
    return [await stream.readexactly(length) for length in lengths]


def _parse_count(count: bytes) -> int:
    if len(count) < _NUMBER.size:
        raise FrameError("cut short")
    (number,) = _NUMBER.unpack(count)
    if number > _MAX_BLOBS:
        raise FrameError("too many blobs")
    return int(number)


def _lengths(lengths: bytes) -> Iterator[int]:
    for (length,) in _NUMBER.iter_unpack(lengths):
        if length > _MAX_BLOB_BYTES:
            raise FrameError("a blob is too long")
        yield int(length)


def _read_exactly(stream: BinaryIO, length: int) -> bytes:
    read_frame = stream.read(length)
    if len(read_frame) < length:
        raise FrameError("cut short")
    return read_frame
