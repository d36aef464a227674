"""Compound files (OLE): binary Word, Excel and PowerPoint files, Outlook messages, embedded objects.

Every storage is looked at, because objects are documents inside the document. A file in which no known document is
found is not understood.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence

import olefile  # it has no types: see pyproject.toml

from classifiers.extract.readers.office.excel import read_excel
from classifiers.extract.readers.office.mapi import MULTIPLE, MapiProperties
from classifiers.extract.readers.office.powerpoint import read_powerpoint
from classifiers.extract.readers.office.word import read_word
from classifiers.extract.readers.reading import (
    ENCRYPTED,
    MAX_FILE,
    PICTURED,
    UNREADABLE,
    Budget,
    FileContent,
    InnerFile,
)
from classifiers.extract.readers.words_in_values import has_words

_PROPERTY = "__substg1.0_"
_ENCRYPTION_MARKS = tuple(name.encode("utf-16-le") for name in ("EncryptedPackage", "EncryptedSummary"))
_MAX_STREAMS = 5_000
_PACKAGES = ("package", "contents", "\x01ole10native", "\x01ole10itemname")
_PICTURES = ("pictures", "data")
_MIN_PICTURES = 4_096
"""Bytes of a stream of pictures from which it may hold one with words."""
_SUMMARY = ("title", "subject", "author", "keywords", "comments", "category", "manager", "company")
_IMAGE_MARKS = (b"\x89PNG\r\n", b"\xff\xd8\xff", b" EMF", b"\x1a\xf0", b"\x1b\xf0")


def read_compound(data: bytes, budget: Budget) -> FileContent:
    """The content of a compound file."""
    content = FileContent("compound file")
    try:
        opened = olefile.OleFileIO(io.BytesIO(data))
    except (OSError, struct.error, ValueError, IndexError, TypeError):
        is_encrypted = any(mark in data for mark in _ENCRYPTION_MARKS)
        content.fail(ENCRYPTED if is_encrypted else UNREADABLE, "a broken compound file")
        return content
    with opened:
        streams = _Streams(opened, budget)
        content.files = _read_streams(streams, content)
        _read_summary(opened, content)
    return content


class _Streams:
    """The streams by lowercase path, read when asked for, within the budget."""

    def __init__(self, opened: olefile.OleFileIO, budget: Budget) -> None:
        self._opened = opened
        self._left = min(budget.unpacked, 2 * MAX_FILE)
        self.paths: dict[tuple[str, ...], list[str]] = {}
        for path in opened.listdir()[:_MAX_STREAMS]:
            self.paths.setdefault(tuple(part.lower() for part in path), path)

    def size(self, path: tuple[str, ...]) -> int:
        return int(self._opened.get_size(self.paths[path]))

    def read(self, path: tuple[str, ...]) -> bytes:
        """The bytes of a stream; none if it is missing or beyond the budget."""
        if path not in self.paths or self.size(path) > self._left:
            return b""
        data: bytes = self._opened.openstream(self.paths[path]).read(self._left)
        self._left -= len(data)
        return data


def _read_streams(streams: _Streams, content: FileContent) -> list[InnerFile]:
    files: list[InnerFile] = []
    is_known = False
    messages: dict[tuple[str, ...], MapiProperties] = {}
    for path in streams.paths:
        folder, name = path[:-1], path[-1]
        if name in ("encryptedpackage", "encryptedsummary", "encryptioninfo"):
            content.fail(ENCRYPTED, "a document with a password")
            return []
        if name == "worddocument":
            content.kind, is_known = "doc", True
            tables = {table: streams.read((*folder, table)) for table in ("0table", "1table")}
            read_word(streams.read(path), tables, content)
        elif name in ("workbook", "book"):
            content.kind, is_known = "xls", True
            read_excel(streams.read(path), content)
        elif name == "powerpoint document":
            content.kind, is_known = "ppt", True
            files.extend(read_powerpoint(streams.read(path), content))
        elif name.startswith(_PROPERTY):
            content.kind, is_known = "msg", True
            _add_property(name, streams.read(path), messages.setdefault(folder, MapiProperties()))
        elif name in _PACKAGES or name == "ole10native":
            is_known = True
            files.append(_package(name, streams.read(path)))
        elif name in _PICTURES and streams.size(path) > _MIN_PICTURES and _has_pictures(streams.read(path)):
            content.fail(PICTURED, "pictures in a binary document")
    for properties in messages.values():
        properties.write(content, files)
    if not is_known:
        content.fail(UNREADABLE, "a compound file without a known document")
    return files


def _has_pictures(data: bytes) -> bool:
    return any(mark in data for mark in _IMAGE_MARKS)


def _add_property(name: str, value: bytes, properties: MapiProperties) -> None:
    """One property of a message; its name tells id and type. The lengths of lists are no values."""
    number, kind = name[len(_PROPERTY) :][:4], name[len(_PROPERTY) + 4 :][:4]
    try:
        if int(kind, 16) & MULTIPLE and "-" not in name:
            return
        properties.add(int(number, 16), int(kind, 16), value)
    except ValueError:
        return


def _package(name: str, data: bytes) -> InnerFile:
    """The file in a packaged object: after its names ([MS-OLEDS] 2.3.6)."""
    if "native" not in name:
        return InnerFile("", data)
    return unpack_package(data) or InnerFile("", data)


def unpack_package(data: bytes) -> InnerFile | None:
    """The file in the native data of a package; None if it is not one."""
    try:
        at = 6 if struct.unpack_from("<H", data, 4)[0] == 2 else 2
        end = data.index(b"\0", at)
        label = data[at:end].decode("cp1252", "replace")
        end = data.index(b"\0", end + 1)
        (length,) = struct.unpack_from("<I", data, end + 5)
        at = end + 9 + length
        (size,) = struct.unpack_from("<I", data, at)
    except (struct.error, ValueError):
        return None
    inner = data[at + 4 : at + 4 + size]
    return InnerFile(label, inner) if inner else None


def _read_summary(opened: olefile.OleFileIO, content: FileContent) -> None:
    """The properties that people write."""
    try:
        summary = opened.get_metadata()
    except (OSError, struct.error, ValueError, IndexError, TypeError, KeyError, OverflowError):
        return
    content.text.extend(_summary_texts([getattr(summary, name, None) for name in _SUMMARY]))


def _summary_texts(values: Sequence[object]) -> Iterator[str]:
    for value in values:
        text = value.decode("cp1252", "replace") if isinstance(value, bytes) else value
        if isinstance(text, str) and has_words(text):
            yield text.rstrip("\0")
