"""Archives: ZIP (with what is before, between and after its entries), tar, gzip, bzip2, xz.

Inner files are unpacked one by one, within the budget. Other archives are not understood.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator

from classifiers.extract.parser_errors import PARSER_ERRORS
from classifiers.extract.readers.office.book_pages import has_pages, in_reading_order
from classifiers.extract.readers.office.package import PackageReader, is_document, kind_of_document
from classifiers.extract.readers.reading import (
    ENCRYPTED,
    MAX_UNPACKED,
    TOO_LARGE,
    UNREADABLE,
    Budget,
    FileContent,
    InnerFile,
)  # fmt: skip
from classifiers.extract.readers.words_in_values import has_words
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.charsets.text_in_bytes import written_text

MAX_ENTRIES = 300
"""Entries of an archive. A document may have more."""
_ERRORS: tuple[type[Exception], ...] = (*PARSER_ERRORS, NotImplementedError, tarfile.TarError)
"""What broken archives raise. zipfile raises `NotImplementedError` for a method or an encryption that it lacks."""
_MAX_PARTS = 5_000
_UNICODE_COMMENT, _MIN_NOTE = 0x6375, 24
"""The kind of a comment in UTF-8, and bytes of other data from which it may be words."""
_LOCAL = b"PK\x03\x04"
_CHUNK = 64 * 1024
_MAX_STRAY = 50
_MAX_TRIES = 200
"""Headers of entries outside of the directory that are tried, at most."""
_MAX_MEMBERS = 100
"""Streams in a row in one compressed file."""
_END = b"PK\x05\x06"
_MEMORY = 64 * 1024 * 1024


def read_zip(data: bytes, budget: Budget) -> FileContent:
    """The content of a ZIP archive, or of the document that it is."""
    content = FileContent("zip")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except _ERRORS:
        content.fail(UNREADABLE, "a broken archive")
        content.files = _stray_entries(data, [(0, 0)], content, budget)
        return content
    names = [entry.filename for entry in entries]
    notes = list(_notes(archive, entries))
    is_office = is_document(names)
    limit = _MAX_PARTS if is_office else MAX_ENTRIES
    if len(entries) > limit:
        content.fail(TOO_LARGE, "an archive with many entries")
    unpacked = _entries(archive, entries[:limit], content, budget)
    stray = _around(data, archive, entries, content, budget)
    if not is_office:
        inner = in_reading_order(unpacked) if has_pages(names) else unpacked
        content.files = _chained(inner, iter(notes), stray)
        return content
    content.kind = kind_of_document(names)
    parts: dict[str, bytes] = {}
    extra: list[InnerFile] = []
    for file in unpacked:
        if file.name in parts:  # a second entry of that name: programs differ in which one they take
            extra.append(file)
        else:
            parts[file.name] = file.data
    inner = PackageReader(parts).read(content, budget)
    content.files = _chained(inner, iter(extra), iter(notes), stray)
    return content


def _notes(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Iterator[InnerFile]:
    """The comments of an archive and of its entries, and data beside entries that may be words: they may be files."""
    for comment in (archive.comment, *(entry.comment for entry in entries)):
        if comment:
            yield InnerFile("", comment)
    for entry in entries:
        at = 0
        while at + 4 <= len(entry.extra):
            kind, size = struct.unpack_from("<HH", entry.extra, at)
            value = entry.extra[at + 4 : at + 4 + size]
            at += 4 + size
            if kind == _UNICODE_COMMENT:
                yield InnerFile("", value[5:])
            elif len(value) >= _MIN_NOTE and has_words(written_text(value)):
                yield InnerFile("", value)


def _chained(*sources: Iterator[InnerFile]) -> Iterator[InnerFile]:
    for source in sources:
        yield from source


def _entries(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], content: FileContent, budget: Budget
) -> Iterator[InnerFile]:
    for entry in entries:
        if entry.is_dir() and not entry.file_size:
            yield InnerFile(entry.filename.rstrip("/"), b"")
            continue
        if entry.flag_bits & 1:
            content.fail(ENCRYPTED, "an entry with a password")
            continue
        if entry.file_size > budget.unpacked or budget.is_spent():
            is_bomb = entry.file_size > MAX_UNPACKED
            content.fail(UNREADABLE if is_bomb else TOO_LARGE, "an archive that unpacks to too much")
            return
        data = _unpacked(archive, entry, content, budget)
        budget.unpacked -= len(data)
        yield InnerFile(entry.filename, data)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, content: FileContent, budget: Budget) -> bytes:
    """The bytes of an entry. Of a broken one, those before the place where it breaks, as lenient programs unpack."""
    out = bytearray()
    limit = min(entry.file_size + 1, budget.unpacked)
    try:
        with archive.open(entry) as opened:
            # zipfile has no other way to hand out the bytes before a wrong checksum, which is reported below.
            setattr(opened, "_expected_crc", None)  # noqa: B010 - the attribute is private: types do not know it
            while len(out) < limit and (chunk := opened.read(min(_CHUNK, limit - len(out)))):
                out += chunk
    except _ERRORS:
        content.fail(UNREADABLE, "an entry that cannot be unpacked")
    if len(out) == entry.file_size and zlib.crc32(out) != entry.CRC:
        content.fail(UNREADABLE, "an entry with a wrong checksum")
    return bytes(out)


def _around(
    data: bytes, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], content: FileContent, budget: Budget
) -> Iterator[InnerFile]:
    """What the directory does not name: bytes before the first entry, and entries that only other programs find."""
    spans = []
    for entry in entries:
        at = entry.header_offset
        if data[at : at + 4] != _LOCAL or at + 30 > len(data):
            continue
        name, extra = struct.unpack_from("<HH", data, at + 26)
        spans.append((at, at + 30 + name + extra + entry.compress_size))
    first = min((begin for begin, _ in spans), default=archive.start_dir)
    if first > 0 and data[:first].strip(b"\0"):
        yield InnerFile("", data[:first])
    end = data.rfind(_END)
    after = data[end + 22 + len(archive.comment) :] if end >= 0 else b""
    if after.strip(b"\0 \r\n"):
        yield InnerFile("", after)
    yield from _stray_entries(data, spans, content, budget)


def _stray_entries(
    data: bytes, spans: list[tuple[int, int]], content: FileContent, budget: Budget
) -> Iterator[InnerFile]:
    """Entries by their own headers, outside of the given spans."""
    ends = sorted(spans)
    at, number, count = 0, 0, 0
    tries = 0
    while (at := data.find(_LOCAL, at)) >= 0 and count < _MAX_STRAY and tries < _MAX_TRIES:
        while number < len(ends) and ends[number][1] <= at:
            number += 1
        if number < len(ends) and ends[number][0] <= at < ends[number][1]:
            at = ends[number][1]
            continue
        tries += 1
        file, length = _local_entry(data, at, budget)
        at += 4
        if file is None:
            continue
        count += 1
        budget.unpacked -= len(file.data)
        content.fail(UNREADABLE, "an archive whose directory does not name all entries")
        yield file
        at += max(length - 4, 0)


def _local_entry(data: bytes, at: int, budget: Budget) -> tuple[InnerFile | None, int]:
    """The entry at a local header, and its length in the archive; None if it is not one that can be unpacked."""
    if at + 30 > len(data):
        return None, 0
    version, _, method = struct.unpack_from("<HHH", data, at + 4)
    packed, _, name_length, extra_length = struct.unpack_from("<IIHH", data, at + 18)
    if version & 0xFF > 63 or method not in (0, 8):
        return None, 0
    begin = at + 30 + name_length + extra_length
    name = to_text(data[at + 30 : at + 30 + name_length])
    limit = min(budget.unpacked, MAX_UNPACKED)
    if method == 0:
        return InnerFile(name, data[begin : begin + min(packed, limit)]), begin - at + packed
    unpacker = zlib.decompressobj(-15)
    try:
        unpacked = unpacker.decompress(memoryview(data)[begin : begin + (packed or len(data))], limit)
    except zlib.error:
        return None, 0
    return InnerFile(name, unpacked), len(data) - at - len(unpacker.unused_data) if not packed else begin - at + packed


def read_tar(data: bytes, budget: Budget) -> FileContent:
    """The content of a tar archive."""
    content = FileContent("tar")
    content.files = _tar_entries(data, content, budget)
    return content


def _tar_entries(data: bytes, content: FileContent, budget: Budget) -> Iterator[InnerFile]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for number, entry in enumerate(archive):
                if number >= MAX_ENTRIES or entry.size > budget.unpacked or budget.is_spent():
                    content.fail(TOO_LARGE, "an archive with many or large entries")
                    return
                notes = [entry.linkname, *filter(has_words, (*entry.pax_headers.values(), entry.uname, entry.gname))]
                notes = [note for note in dict.fromkeys(notes) if note and note != entry.name]
                if notes:
                    yield InnerFile("", "\n".join(notes).encode("utf-8", "replace"), "text/plain")
                end = entry.offset_data + (entry.size if entry.isreg() and not entry.issparse() else 0)
                yield from _rest(data[end : end + -end % tarfile.BLOCKSIZE])
                if not entry.isfile() or (opened := archive.extractfile(entry)) is None:
                    yield InnerFile(entry.name.rstrip("/"), b"")
                    continue
                inner = opened.read(budget.unpacked)
                budget.unpacked -= len(inner)
                yield InnerFile(entry.name, inner)
            yield from _rest(data[archive.offset :])
    except _ERRORS:
        content.fail(UNREADABLE, "a broken archive")


def _rest(data: bytes) -> Iterator[InnerFile]:
    """What stands behind an entry or at the end of an archive, where there are only zeros."""
    if rest := data.strip(b"\0"):
        yield InnerFile("", rest)


def read_compressed(data: bytes, name: str, budget: Budget) -> FileContent:
    """The content of a gzip, bzip2 or xz file: one file, and what follows it."""
    content = FileContent("compressed")
    limit = max(min(budget.unpacked, MAX_UNPACKED), 0)
    out = bytearray()
    rest = data
    for _ in range(_MAX_MEMBERS):
        if not rest or len(out) >= limit:
            break
        unpacker = _unpacker(rest)
        if unpacker is None:
            break
        try:
            piece, rest, is_whole = unpacker(rest, limit - len(out))
        except _ERRORS:
            content.fail(UNREADABLE, "a broken compressed file")
            break
        out += piece
        if not is_whole:
            content.fail(
                TOO_LARGE if len(out) >= limit else UNREADABLE, "a compressed file that is too large or cut off"
            )
            break
    budget.unpacked -= len(out)
    stem = name.rpartition(".")[0] or name
    if (own := _GZIP_NAME.match(data)) and data[3] == _HAS_NAME:
        stem = to_text(own[1]).rpartition("/")[2]
    suffix = ".tar" if name.lower().endswith((".tgz", ".tbz2", ".txz")) else ""
    files = [InnerFile(stem + suffix, bytes(out)), *_gzip_notes(data)]
    if rest.strip(b"\0") and not content.failed:
        files.append(InnerFile("", rest))
    content.files = files
    return content


def _gzip_notes(data: bytes) -> Iterator[InnerFile]:
    """The name and comment in the header of a gzip file, and data beside them that may be words."""
    if not data.startswith(b"\x1f\x8b") or len(data) < 12:
        return
    flags, at = data[3], 10
    if flags & _HAS_EXTRA:
        size = int.from_bytes(data[10:12], "little")
        if has_words(written_text(value := data[12 : 12 + size])):
            yield InnerFile("", value)
        at = 12 + size
    for flag in (_HAS_NAME, _HAS_COMMENT):
        if flags & flag:
            text, _, _ = data[at : at + _MAX_NOTE].partition(b"\0")
            at += len(text) + 1
            if flag == _HAS_COMMENT or has_words(to_text(text)):
                yield InnerFile("", text)


_GZIP_NAME = re.compile(rb"\x1f\x8b.{8}([^\0]{1,250})\0", re.DOTALL)
_HAS_EXTRA, _HAS_NAME, _HAS_COMMENT = 4, 8, 16
"""Flags in the header of gzip (RFC 1952)."""
_MAX_NOTE = 20_000
_Unpacker = Callable[[bytes, int], tuple[bytes, bytes, bool]]


def _unpacker(data: bytes) -> _Unpacker | None:
    """Unpacks one stream: returns its bytes, what follows it, and whether it is whole."""
    if data.startswith(b"\x1f\x8b"):
        return _gunzip
    if data.startswith(b"BZh"):
        return _bunzip
    return _unxz if data.startswith(b"\xfd7zXZ\0") else None


def _gunzip(data: bytes, limit: int) -> tuple[bytes, bytes, bool]:
    unpacker = zlib.decompressobj(31)
    out = unpacker.decompress(data, limit)
    return out, unpacker.unused_data, unpacker.eof


def _bunzip(data: bytes, limit: int) -> tuple[bytes, bytes, bool]:
    unpacker = bz2.BZ2Decompressor()
    out = unpacker.decompress(data, limit)
    return out, unpacker.unused_data, unpacker.eof


def _unxz(data: bytes, limit: int) -> tuple[bytes, bytes, bool]:
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
    out = unpacker.decompress(data, limit)
    return out, unpacker.unused_data, unpacker.eof
