"""The blocks of picture files: where a file ends, and what stands in it besides its pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import islice

_PNG_MARK, _JPEG_MARK = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_PNG_PIXELS = frozenset((b"IHDR", b"PLTE", b"IDAT", b"fdAT", b"tRNS", b"IEND"))
_RIFF_PIXELS = frozenset((b"VP8 ", b"VP8L", b"ALPH", b"ANMF"))
_GIF_EXTENSION, _GIF_FRAME, _GIF_TRAILER = 0x21, 0x2C, 0x3B
_MAX_UNPACKED = 20_000
_OVERLAP = 1_000
_MAX_BLOCKS = 200
"""Blocks beside the pixels of a picture that are looked at."""


def blocks_beside_pixels(data: bytes) -> Iterator[bytes]:
    """The data of the blocks of a picture that are no pixels. Programs that show it pass over most of them."""
    if data.startswith(_PNG_MARK):
        blocks = _png_blocks(data)
    elif data.startswith(_JPEG_MARK):
        blocks = _jpeg_blocks(data)
    elif data.startswith(b"GIF8"):
        blocks = _gif_extensions(data)
    elif data.startswith(b"RIFF"):
        blocks = _riff_blocks(data)
    elif data.startswith(b"8BPS"):
        blocks = (data[at : at + _MAX_UNPACKED] for at in range(26, len(data), _MAX_UNPACKED - _OVERLAP))
    elif data.startswith(b"BM"):
        blocks = iter((data[14 : _bitmap_start(data)],))
    else:
        return
    yield from map(_unpacked, islice(blocks, _MAX_BLOCKS))


def _unpacked(block: bytes) -> bytes:
    if block[:1] != b"\x78":
        return block
    try:
        return zlib.decompressobj().decompress(block, _MAX_UNPACKED) or block
    except zlib.error:
        return block


def _bitmap_start(data: bytes) -> int:
    """Where the pixels of a BMP begin: after its header, its palette, and whatever else."""
    return min(int.from_bytes(data[10:14], "little"), _MAX_UNPACKED)


def _png_blocks(data: bytes) -> Iterator[bytes]:
    at = 8
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] not in _PNG_PIXELS:
            yield data[at + 8 : at + 8 + length]
        at += 12 + length


def _jpeg_blocks(data: bytes) -> Iterator[bytes]:
    """The segments before the pixels, but for tables of the decoder."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4])
        if data[at + 1] >= 0xE0:
            yield data[at + 4 : at + 2 + length]
        at += 2 + length


def _gif_extensions(data: bytes) -> Iterator[bytes]:
    """The text of each extension: its blocks of up to 255 bytes in one."""
    for kind, at in _gif_blocks(data):
        if kind == _GIF_EXTENSION:
            at += 2
            pieces = []
            while at < len(data) and data[at]:
                pieces.append(data[at + 1 : at + 1 + data[at]])
                at += 1 + data[at]
            yield b"".join(pieces)


def _riff_blocks(data: bytes) -> Iterator[bytes]:
    at = 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        if data[at : at + 4] not in _RIFF_PIXELS:
            yield data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def picture_end(data: bytes) -> int:
    """Where a picture ends, for the formats in which bytes may follow; 0 if unknown."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png_end(data)
    if data.startswith(b"\xff\xd8"):
        return _jpeg_end(data)
    if data.startswith(b"GIF8"):
        return _gif_end(data)
    if data.startswith(b"BM") and len(data) > 14:
        size: int = struct.unpack_from("<I", data, 2)[0]
        return size if 54 <= size <= len(data) else 0
    if data.startswith(b"RIFF") and len(data) > 12:
        return min(8 + int(struct.unpack_from("<I", data, 4)[0]), len(data))
    return 0


def _png_end(data: bytes) -> int:
    at = 8
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        is_last = data[at + 4 : at + 8] == b"IEND"
        at += 12 + length
        if is_last:
            return int(min(at, len(data)))
    return 0


def _jpeg_end(data: bytes) -> int:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            return at + 2
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker != 0xDA:
            continue
        while True:  # the entropy-coded data goes to the next marker that is not a restart
            at = data.find(b"\xff", at)
            if at < 0 or at + 1 >= len(data):
                return 0
            if data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
                at += 2
                continue
            break
    return 0


def _gif_end(data: bytes) -> int:
    return next((at + 1 for kind, at in _gif_blocks(data) if kind == _GIF_TRAILER), 0)


def gif_extent(data: bytes) -> tuple[int, int]:
    """Width and height that hold every frame of a GIF: decoders let the canvas grow with its frames."""
    width, height = struct.unpack_from("<HH", data, 6)
    for kind, at in _gif_blocks(data):
        if kind == _GIF_FRAME:
            left, top, wide, high = struct.unpack_from("<4H", data, at + 1)
            width, height = max(width, left + wide), max(height, top + high)
    return width, height


def _gif_blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """The kind and start of each block, up to the trailer or the first one that is none."""
    if len(data) < 13:
        return
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    while at < len(data):
        kind = data[at]
        if kind == _GIF_FRAME and at + 10 > len(data):
            return
        yield kind, at
        if kind == _GIF_EXTENSION:
            at += 2
        elif kind == _GIF_FRAME:
            at += 11 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0)
        else:
            return
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
