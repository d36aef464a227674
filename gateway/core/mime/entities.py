"""MIME entities as most programs read them: header, media type, boundary, the entities inside (RFC 2045, RFC 2046).

`gateway.core.mime.other_readings` has what other programs may see instead.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

from gateway.core.mime.headers import HeaderSection, split_fields
from gateway.core.mime.structure import MULTIPART, Structure, read_structure
from gateway.core.mime.transfer import IDENTITY, decode

MAX_PARTS = 500
MAX_DEPTH = 30
MESSAGE_TYPES = ("message/rfc822", "message/global", "message/news")
STRUCTURE_FIELDS = ("content-type", "content-transfer-encoding", "content-disposition")

_LINE_FEED = 10
_DASHES = 2
_MAX_PADDING = 998
"""Bytes behind a boundary on its line that are looked at."""
_EMPTY_LINE = re.compile(rb"\r?\n")
_HEADER_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Entity:
    """One MIME entity: a range of a buffer, its depth, and its default media type (RFC 2046).

    `is_message`: an attached message, whose subject and names programs show.
    """

    buffer: bytes
    start: int
    end: int
    depth: int = 0
    default: str = "text/plain"
    is_message: bool = False


@dataclass(frozen=True, slots=True)
class EntityHeader:
    """The header of an entity: its structure fields parsed, all of them raw, and where header and body are.

    `stop`: the end of the header section; `begin`: the start of the body; both are offsets in the buffer. `stray`: its
    lines that are not fields.
    """

    header: Structure
    structure: tuple[tuple[str, bytes], ...]
    stop: int
    begin: int
    stray: bytes


def read_header(entity: Entity, section: HeaderSection | None = None) -> EntityHeader:
    """The header of an entity. `section`: its header section, if that is parsed already."""
    buffer, start, end = entity.buffer, entity.start, entity.end
    found = _EMPTY_LINE.match(buffer, start, end) or _HEADER_END.search(buffer, start, end)
    stop, begin = (end, end) if found is None else found.span()
    parsed = section is not None and len(section) == stop + 2 and section.raw.endswith(b"\r\n")
    fields = section.fields if section is not None and parsed else split_fields(buffer[start:stop])
    wanted: list[tuple[str, bytes]] = []
    stray: list[bytes] = []
    for name, raw in fields:
        if name in STRUCTURE_FIELDS:
            wanted.append((name, raw))
        elif b":" not in raw:
            stray.append(raw)
    if parsed and stray and stray[-1] is raw:
        stray[-1] = raw[:-2]  # the line end before the empty line belongs to it
    return EntityHeader(read_structure(wanted, entity.default), tuple(wanted), stop, begin, b"".join(stray))


def inner_entities(entity: Entity, header: Structure, begin: int) -> list[Entity]:
    """The entities inside this one: the parts of a multipart, or an attached message."""
    if header.media_type.startswith(MULTIPART):
        default = default_type(header.media_type)
        return [
            Entity(entity.buffer, start, end, entity.depth + 1, default)
            for start, end in split(entity.buffer, begin, entity.end, header.boundary)
        ]
    if header.media_type not in MESSAGE_TYPES or begin >= entity.end:
        return []
    if header.encoding in IDENTITY:
        return [Entity(entity.buffer, begin, entity.end, entity.depth + 1, is_message=True)]
    data = decode(header.encoding, entity.buffer[begin : entity.end])
    return [Entity(data, 0, len(data), entity.depth + 1, is_message=True)] if data else []


def default_type(multipart: str) -> str:
    """The media type of parts that do not say theirs."""
    return "message/rfc822" if multipart == "multipart/digest" else "text/plain"


def next_part(buffer: bytes, at: int, boundaries: Set[bytes]) -> bytes:
    """The source between the delimiter line after an offset and the next line with one of the boundaries."""
    start = end = buffer.find(b"\n", at + _DASHES) + 1 or len(buffer)
    while (end := buffer.find(b"\n--", end)) >= 0:
        end += 1
        line_end = buffer.find(b"\n", end)
        line = buffer[end : line_end if line_end >= 0 else len(buffer)].rstrip()
        if line[_DASHES:].removesuffix(b"--") in boundaries:
            return buffer[start:end]
    return buffer[start:]


def split(buffer: bytes, begin: int, end: int, boundary: str, past_the_end: bool = False) -> list[tuple[int, int]]:
    """The ranges between delimiter lines, at most one more than is read; the closing delimiter may be missing.

    `past_the_end`: what follows the closing delimiter is a part too, as some programs have it.
    """
    mark = b"--" + boundary.rstrip().encode("utf-8", "replace")
    if len(mark) == _DASHES:
        return []
    found: list[tuple[int, int]] = []
    opened, at = -1, begin
    while (at := buffer.find(mark, at, end)) >= 0:
        start, at = at, at + len(mark)
        if start and buffer[start - 1] != _LINE_FEED:
            continue
        line_end = buffer.find(b"\n", at, end)
        stop = end if line_end < 0 else line_end
        is_closing = buffer.startswith(b"--", at, stop)
        rest = buffer[at + 2 * is_closing : min(stop, at + _MAX_PADDING)].removesuffix(b"\r")
        if rest.strip(b" \t"):
            continue
        if opened >= 0:
            before = start - 1  # the line end before a delimiter belongs to it
            found.append((opened, max(opened, before - (buffer[before - 1 : before] == b"\r"))))
        opened = end if line_end < 0 else line_end + 1
        if (is_closing and not past_the_end) or len(found) > MAX_PARTS:
            return found
    return [*found, (opened, end)] if opened >= 0 else found
