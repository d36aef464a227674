"""Frames of blobs on a pipe between the consumer and a worker: a count, the lengths, the bytes."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO

_NUMBER = struct.Struct("!I")
_MOST = 4096  # blobs in a frame; a larger count is no frame of ours
_LARGEST = 1 << 30


class FrameError(Exception):
    """What came is no frame of ours."""


def head(blobs: Sequence[bytes]) -> bytes:
    """The beginning of a frame; the blobs follow it."""
    return b"".join(_NUMBER.pack(number) for number in (len(blobs), *map(len, blobs)))


def write(stream: BinaryIO, blobs: Sequence[bytes]) -> None:
    """Write one frame."""
    stream.write(head(blobs))
    stream.writelines(blobs)
    stream.flush()


def read(stream: BinaryIO) -> list[bytes] | None:
    """The next frame, None at the end of the stream. Raises FrameError."""
    count = stream.read(_NUMBER.size)
    if not count:
        return None
    lengths = list(_lengths(_exactly(stream, _NUMBER.size * _counted(count))))
    return [_exactly(stream, length) for length in lengths]


async def read_async(stream: asyncio.StreamReader) -> list[bytes]:
    """The next frame. Raises FrameError, and asyncio.IncompleteReadError at the end of the stream."""
    count = await stream.readexactly(_NUMBER.size)
    lengths = list(_lengths(await stream.readexactly(_NUMBER.size * _counted(count))))
    return [await stream.readexactly(length) for length in lengths]


def _counted(count: bytes) -> int:
    if len(count) < _NUMBER.size:
        raise FrameError("cut short")
    (number,) = _NUMBER.unpack(count)
    if number > _MOST:
        raise FrameError("too many blobs")
    return int(number)


def _lengths(lengths: bytes) -> Iterator[int]:
    for (length,) in _NUMBER.iter_unpack(lengths):
        if length > _LARGEST:
            raise FrameError("a blob is too long")
        yield int(length)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    read = stream.read(length)
    if len(read) < length:
        raise FrameError("cut short")
    return read
