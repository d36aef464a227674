"""7z archives with the methods that they have by default: LZMA, LZMA2, bzip2, deflate, stored. Others are not read.

Written here on Python's own decoders: the library for 7z brings ten more packages, most of them binary, and has no
bound on memory.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from classifiers.extract.parser_errors import PARSER_ERRORS
from classifiers.extract.readers.reading import (
    ENCRYPTED,
    MAX_UNPACKED,
    TOO_LARGE,
    UNREADABLE,
    Budget,
    FileContent,
    InnerFile,
)  # fmt: skip

MARK = b"7z\xbc\xaf\x27\x1c"
_HEADER, _PACK, _UNPACK, _SUBSTREAMS, _FILES = 0x01, 0x06, 0x07, 0x08, 0x05
_SIZES, _CRC, _FOLDERS, _UNPACK_SIZES, _COUNTS, _ENCODED = 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x17
_EMPTY, _NAMES = 0x0E, 0x11
_COPY, _LZMA, _LZMA2, _AES = b"\x00", b"\x03\x01\x01", b"\x21", b"\x06\xf1\x07\x01"
_DEFLATE, _BZIP2, _DELTA, _X86 = b"\x04\x01\x08", b"\x04\x02\x02", b"\x03", b"\x03\x03\x01\x03"
_MAX_DICTIONARY = 128 << 20
_MAX_ITEMS = 10_000
_MAX_HEADER = 4 << 20


class _Unsupported(ValueError):
    """A method that is not read. The argument is the word for the verdict."""


@dataclass(slots=True)
class _Folder:
    """A compressed block: its coders with their properties, the sizes after each coder, how many files it holds."""

    coders: list[tuple[bytes, bytes]]
    is_reversed: bool = False
    sizes: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Archive:
    """What the header says."""

    position: int = 0
    packed: list[int] = field(default_factory=list)
    folders: list[_Folder] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    empty: list[bool] = field(default_factory=list)


def read_seven_zip(data: bytes, budget: Budget) -> FileContent:
    """The content of a 7z archive."""
    content = FileContent("7z")
    content.files = _files(data, content, budget)
    return content


def _files(data: bytes, content: FileContent, budget: Budget) -> Iterator[InnerFile]:
    try:
        archive = _read_archive(data)
        names = iter([name for name, is_empty in zip(archive.names, archive.empty, strict=True) if not is_empty])
        yield from (
            InnerFile(name, b"") for name, is_empty in zip(archive.names, archive.empty, strict=True) if is_empty
        )
        at = 32 + archive.position
        for folder, packed in zip(archive.folders, archive.packed, strict=True):
            if sum(folder.files) > budget.unpacked or budget.is_spent():
                content.fail(TOO_LARGE, "an archive that unpacks to too much")
                return
            block = io.BytesIO(_unpack(folder, data[at : at + packed]))
            at += packed
            for size in folder.files:
                inner = block.read(size)
                budget.unpacked -= len(inner)
                yield InnerFile(next(names, ""), inner)
    except _Unsupported as error:
        content.fail(str(error), "an archive with a password or a method that is not read")
    except PARSER_ERRORS:
        content.fail(UNREADABLE, "a broken archive")


def _read_archive(data: bytes) -> _Archive:
    offset, size = int.from_bytes(data[12:20], "little"), int.from_bytes(data[20:28], "little")
    header = data[32 + offset : 32 + offset + size]
    for _ in range(4):
        if not header:
            return _Archive()
        if header[0] == _HEADER:
            return _parse_header(_Reader(header[1:]))
        if header[0] != _ENCODED:
            raise ValueError("no header")
        packed = _Archive()
        _parse_streams(_Reader(header[1:]), packed)
        if sum(packed.folders[0].files) > _MAX_HEADER:
            raise ValueError("a header that is too large")
        at = 32 + packed.position
        header = _unpack(packed.folders[0], data[at : at + packed.packed[0]])
    raise ValueError("no header")


class _Reader:
    """Reads the numbers of a header. Raises IndexError at its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def bytes(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise IndexError(size)
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self) -> int:
        first, mask, value = self.byte(), 0x80, 0
        for place in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << (8 * place)
            value |= self.byte() << (8 * place)
            mask >>= 1
        return value

    def count(self) -> int:
        value = self.number()
        if value > _MAX_ITEMS:
            raise ValueError("too many items")
        return value

    def bits(self, count: int) -> list[bool]:
        data = self.bytes((count + 7) // 8)
        return [bool(data[at // 8] & 0x80 >> at % 8) for at in range(count)]

    def skip_checksums(self, count: int) -> None:
        defined = count if self.byte() else sum(self.bits(count))
        self.bytes(4 * defined)


def _parse_header(reader: _Reader) -> _Archive:
    archive = _Archive()
    while (kind := reader.byte()) != 0:
        if kind == 0x04:
            _parse_streams(reader, archive)
        elif kind == _FILES:
            _parse_files(reader, archive)
            break
        else:
            raise ValueError("an unknown part of the header")
    return archive


def _parse_streams(reader: _Reader, archive: _Archive) -> None:
    while (kind := reader.byte()) != 0:
        if kind == _PACK:
            archive.position, count = reader.number(), reader.count()
            while (kind := reader.byte()) != 0:
                if kind == _SIZES:
                    archive.packed = [reader.number() for _ in range(count)]
                elif kind == _CRC:
                    reader.skip_checksums(count)
        elif kind == _UNPACK:
            _parse_folders(reader, archive)
        elif kind == _SUBSTREAMS:
            _parse_substreams(reader, archive)
        else:
            raise ValueError("an unknown part of the header")
    for folder in archive.folders:
        folder.files = folder.files or folder.sizes[:1]


def _parse_folders(reader: _Reader, archive: _Archive) -> None:
    if reader.byte() != _FOLDERS:
        raise ValueError("no folders")
    count = reader.count()
    if reader.byte():
        raise _Unsupported(UNREADABLE)
    archive.folders = [_parse_folder(reader) for _ in range(count)]
    while (kind := reader.byte()) != 0:
        if kind == _UNPACK_SIZES:
            for folder in archive.folders:
                sizes = [reader.number() for _ in folder.coders]
                folder.sizes = sizes[::-1] if folder.is_reversed else sizes
        elif kind == _CRC:
            reader.skip_checksums(count)


def _parse_folder(reader: _Reader) -> _Folder:
    coders = []
    for _ in range(reader.count()):
        flags = reader.byte()
        method = reader.bytes(flags & 15)
        if flags & 0x10:  # several streams in or out
            raise _Unsupported(UNREADABLE)
        coders.append((method, reader.bytes(reader.count()) if flags & 0x20 else b""))
    pairs = [(reader.number(), reader.number()) for _ in range(len(coders) - 1)]
    if any(method == _AES for method, _ in coders):
        raise _Unsupported(ENCRYPTED)
    if pairs == [(number, number + 1) for number in range(len(pairs))]:  # each coder reads what the next one wrote
        return _Folder(coders)
    if pairs == [(number + 1, number) for number in range(len(pairs))]:
        return _Folder(coders[::-1], is_reversed=True)
    raise _Unsupported(UNREADABLE)


def _parse_substreams(reader: _Reader, archive: _Archive) -> None:
    counts = [1] * len(archive.folders)
    while (kind := reader.byte()) != 0:
        if kind == _COUNTS:
            counts = [reader.count() for _ in archive.folders]
        elif kind == _SIZES:
            for folder, count in zip(archive.folders, counts, strict=True):
                sizes = [reader.number() for _ in range(max(count - 1, 0))]
                folder.files = [*sizes, folder.sizes[0] - sum(sizes)] if count else []
        elif kind == _CRC:
            reader.skip_checksums(sum(counts))
    if any(size < 0 for folder in archive.folders for size in folder.files):
        raise ValueError("sizes that do not add up")


def _parse_files(reader: _Reader, archive: _Archive) -> None:
    count = reader.count()
    names = empty = b""
    while (kind := reader.byte()) != 0:
        value = reader.bytes(reader.number())
        if kind == _NAMES:
            names = value[1:]
        elif kind == _EMPTY:
            empty = value
    archive.names = (names.decode("utf-16-le", "replace").split("\0") + [""] * count)[:count]
    archive.empty = _Reader(empty).bits(count) if empty else [False] * count


def _unpack(folder: _Folder, data: bytes) -> bytes:
    """The bytes of a block. Raises what decoders raise."""
    size = folder.sizes[0]
    if size > MAX_UNPACKED:
        raise _Unsupported(TOO_LARGE)
    methods = [method for method, _ in folder.coders]
    if methods == [_COPY]:
        return data[:size]
    if methods == [_DEFLATE]:
        return zlib.decompressobj(-15).decompress(data, size)
    if methods == [_BZIP2]:
        return bz2.BZ2Decompressor().decompress(data, size)
    filters = [_filter(method, properties) for method, properties in folder.coders]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress(data, size)


def _filter(method: bytes, properties: bytes) -> dict[str, int]:
    """A coder as a filter of Python's lzma module."""
    if method == _X86:
        return {"id": lzma.FILTER_X86}
    if method == _DELTA:
        return {"id": lzma.FILTER_DELTA, "dist": properties[0] + 1}
    if method == _LZMA2:
        dictionary = (2 | properties[0] & 1) << properties[0] // 2 + 11
        result = {"id": lzma.FILTER_LZMA2, "dict_size": dictionary}
    elif method == _LZMA:
        dictionary = int.from_bytes(properties[1:5], "little")
        first = properties[0]
        result = {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096)}
        result |= {"lc": first % 9, "lp": first // 9 % 5, "pb": first // 45}
    else:
        raise _Unsupported(UNREADABLE)
    if dictionary > _MAX_DICTIONARY:
        raise _Unsupported(TOO_LARGE)
    return result
