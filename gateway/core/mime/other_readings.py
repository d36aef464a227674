"""What some mail programs show of a content and others do not: its other readings.

`gateway.core.mime.parts` reads a content as most programs do. Programs disagree about malformed content: where the
header section ends, which of two fields or parameters counts, what belongs to a multipart, what an encoding or a
charset means. Every entity that leaves room for this is read in the other ways too. The union of the texts is at least
what any program shows. A well-formed content has no other readings, and costs one look at each header and body.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.charsets.other_charsets import other_texts
from gateway.core.mime.charsets.text_in_bytes import text_in_charset, written_text
from gateway.core.mime.charsets.written import is_printable, is_written
from gateway.core.mime.encoded_words import decode_words
from gateway.core.mime.entities import (
    MAX_DEPTH,
    MESSAGE_TYPES,
    Entity,
    EntityHeader,
    default_type,
    next_part,
    read_header,
    split,
)
from gateway.core.mime.header_variants import (
    REGULAR_HEADER,
    boundaries_in,
    charsets_in,
    declared_encodings,
    field_values,
    is_plain_boundary,
    is_regular_type,
    media_types_in,
    other_headers,
    other_sources,
)
from gateway.core.mime.header_words import MAX_SECTION, shown_header_text
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.html_source import begins_with_html, has_html, html_part, source_text
from gateway.core.mime.parts import Part, Visit, charset_of
from gateway.core.mime.preamble import begins_like_message, is_usual_preamble, may_say_something, read_source
from gateway.core.mime.structure import Structure, join_lines, read_structure
from gateway.core.mime.transfer import IDENTITY, decode, decoded_blocks, is_no_base64, layered_decodings, without_blocks

MAX_READINGS = 60
"""Other readings of a content, at most. What is beyond them is reported as not read."""
_MAX_ENTITIES = 300
_MAX_VARIANTS = 8
_MAX_CHOICES = 6
_MAX_NAMES = 50
"""Boundaries that the parameters of one type may mean."""

_DELIMITER = re.compile(rb"^--([^\r\n]{1,200})\r?\n(?=content-)", re.IGNORECASE | re.MULTILINE)
_FEED = re.compile(rb"[\x0b\x0c]")
"""A vertical tab or form feed, which is a blank, a line end or neither."""
_BARE_CR = re.compile(rb"\r(?!\n)")


@dataclass(frozen=True, slots=True)
class OtherReadings:
    """The other readings as parts without a number. `complete`: False if there were more than are read."""

    parts: tuple[Part, ...] = ()
    complete: bool = True


NO_OTHERS = OtherReadings()


@dataclass(slots=True)
class _Explorer:
    """The readings found so far, what is still to be read, and what has been read."""

    parts: list[Part] = field(default_factory=list)
    complete: bool = True
    queue: deque[Entity] = field(default_factory=deque)
    read: set[tuple[object, ...]] = field(default_factory=set)
    entities: int = 0
    boundaries: set[bytes] = field(default_factory=set)
    buffers: list[bytes] = field(default_factory=list)
    """Kept, because what was read is remembered by the identity of its buffer."""

    def add(self, part: Part) -> None:
        if len(self.parts) >= MAX_READINGS:
            self.complete = False
        elif part.text.strip() or part.hidden.strip() or part.data:
            self.parts.append(part)

    def add_text(self, text: str) -> None:
        if may_say_something(text):
            self.add(Part("", "text/plain", text))

    def push(self, entity: Entity) -> None:
        key = (id(entity.buffer), entity.start, entity.end, entity.default)
        if key not in self.read and entity.depth <= MAX_DEPTH:
            self.read.add(key)
            self.buffers.append(entity.buffer)
            self.queue.append(entity)


def other_readings(visits: Iterable[Visit]) -> OtherReadings:
    """What other programs may show of a content whose entities were read as `visits`."""
    explorer = _Explorer()
    visited = list(visits)
    for visit in visited:
        explorer.read.add((id(visit.entity.buffer), visit.entity.start, visit.entity.end, visit.entity.default))
        if visit.inner and (boundary := visit.head.header.boundary):
            explorer.boundaries.add(boundary.rstrip().encode("utf-8", "replace"))
    for visit in visited:
        _read_otherwise(explorer, visit.entity, visit.head, visit.inner, first=True)
    first = visited[0].entity
    for source in other_sources(first.buffer):
        explorer.push(Entity(source, 0, len(source), 1, is_message=True))
    if b"\r--" in first.buffer and any(visit.head.header.boundary for visit in visited):
        _end_lines_at_cr(explorer, first)
    while explorer.queue:
        entity = explorer.queue.popleft()
        explorer.entities += 1
        if explorer.entities > _MAX_ENTITIES or len(explorer.parts) >= MAX_READINGS:
            explorer.complete = False
            break
        head = read_header(entity)
        if entity.is_message:
            explorer.add_text(shown_header_text(HeaderSection(entity.buffer[entity.start : head.stop])))
            explorer.complete &= head.stop - entity.start <= MAX_SECTION
        _read_otherwise(explorer, entity, head, (), first=False)
    return OtherReadings(tuple(explorer.parts), explorer.complete)


def _read_otherwise(
    explorer: _Explorer, entity: Entity, head: EntityHeader, inner: tuple[Entity, ...], first: bool
) -> None:
    """All readings of one entity. `first`: the common one was read already."""
    buffer = entity.buffer
    _read_body(explorer, entity, list(head.structure), head.begin, first, head.header if first else None)
    if entity.start < head.begin == head.stop < len(buffer):  # some programs take what follows for the body
        _add_source(explorer, next_part(buffer, entity.end, explorer.boundaries))
    if head.stop > entity.start and REGULAR_HEADER.fullmatch(buffer, entity.start, head.stop):
        return
    if _BARE_CR.search(buffer, entity.start, head.stop):
        _end_lines_at_cr(explorer, entity)
        if entity.start:
            _end_lines_at_cr(explorer, Entity(buffer, 0, len(buffer), 0))
    for fields, begin in other_headers(entity, head):
        _read_body(explorer, entity, fields, begin, False, None)


def _end_lines_at_cr(explorer: _Explorer, entity: Entity) -> None:
    """Read an entity as programs do that end lines at a CR."""
    key = (id(entity.buffer), entity.start, entity.end, "cr")
    if key in explorer.read:
        return
    explorer.read.add(key)
    data = _BARE_CR.sub(b"\r\n", entity.buffer[entity.start : entity.end])
    is_message = entity.is_message or not entity.depth
    explorer.push(Entity(data, 0, len(data), entity.depth + 1, entity.default, is_message))


def _read_body(
    explorer: _Explorer,
    entity: Entity,
    fields: list[tuple[str, bytes]],
    begin: int,
    first: bool,
    header: Structure | None,
) -> None:
    """A body under every value of its structure fields. `first`: leave out the reading that `header` leads to."""
    types = field_values(fields, "content-type")
    encodings = declared_encodings(fields)
    doubtful = len(types) > 1 or len(encodings) > 1 or not all(map(is_regular_type, types))
    own = header if header is not None else read_structure(fields, entity.default)
    variants: list[tuple[str, str]] = [(own.media_type, next(iter(types), ""))]
    if doubtful:
        for value in types:
            variants += [(media_type, value) for media_type in media_types_in(value, entity.default)]
    for media_type, value in list(dict.fromkeys(variants))[:_MAX_VARIANTS]:
        common = first and (media_type, value) == variants[0]
        if media_type.startswith("multipart"):
            _read_multipart(explorer, entity, media_type, types, own, begin, common)
        elif media_type in MESSAGE_TYPES:
            _read_message(explorer, entity, media_type, encodings, begin, common)
        else:
            if media_type.startswith("message/") and not IDENTITY.issuperset(encodings):
                _read_message(explorer, entity, media_type, encodings, begin, False)
            _read_leaf(explorer, entity, media_type, types, encodings, own, begin, common)
            if own.boundary:  # some programs use it whatever the type is
                _read_multipart(explorer, entity, "multipart/mixed", types, own, begin, False)


def _read_multipart(
    explorer: _Explorer, entity: Entity, media_type: str, types: list[str], header: Structure, begin: int, common: bool
) -> None:
    buffer, end = entity.buffer, entity.end
    body = buffer[begin:end] if begin or end < len(buffer) else buffer
    declared = header.boundary
    is_regular = all(map(is_regular_type, types))
    others = [] if is_regular and declared else [name for value in types for name in boundaries_in(value)]
    names = list(dict.fromkeys(filter(None, [declared, *others])))
    candidates = [name for name in names[:_MAX_NAMES] if b"--" + name.rstrip().encode("utf-8", "replace") in body]
    explorer.complete &= len(names) <= _MAX_NAMES and len(candidates) <= _MAX_VARIANTS
    default = default_type(media_type)
    found = False
    for boundary in candidates[:_MAX_VARIANTS]:
        ranges = split(buffer, begin, end, boundary)
        if not ranges:
            continue
        found = True
        if not (common and boundary == declared):
            for start, stop in ranges:
                explorer.push(Entity(buffer, start, stop, entity.depth + 1, default))
        if default != "text/plain":  # some programs take the messages of a digest for text
            for start, stop in ranges:
                explorer.push(Entity(buffer, start, stop, entity.depth + 1))
        _read_around(explorer, entity, boundary, begin, ranges, default)
    if not found:
        guessed = {name.strip() for name in _DELIMITER.findall(body)[:50]} - {b""}
        for name in sorted(guessed)[:_MAX_CHOICES]:
            boundary = to_text(name)
            ranges = split(buffer, begin, end, boundary)
            for start, stop in ranges:
                explorer.push(Entity(buffer, start, stop, entity.depth + 1, default))
            if ranges:
                _read_around(explorer, entity, boundary, begin, ranges, default)
    is_plain = found and is_regular and is_plain_boundary(declared, types)
    if not is_plain or _FEED.search(buffer, entity.start, begin):
        _add_source(explorer, body)
    if header.encoding not in IDENTITY:
        data = decode(header.encoding, body)
        if is_printable(to_text(data[:4096])):
            explorer.buffers.append(data)
            fields = [("content-type", b":" + value.encode()) for value in types[:1]]
            _read_body(explorer, Entity(data, 0, len(data), entity.depth + 1), fields, 0, False, None)


def _read_around(
    explorer: _Explorer, entity: Entity, boundary: str, begin: int, ranges: list[tuple[int, int]], default: str
) -> None:
    """What stands before the first and after the last boundary, and lines that only begin like a boundary."""
    buffer, end = entity.buffer, entity.end
    mark = b"--" + boundary.rstrip().encode("utf-8", "replace")
    preamble = buffer[begin : buffer.rfind(mark, begin, ranges[0][0])]
    if may_say_something(to_text(preamble)) and not is_usual_preamble(preamble):
        explorer.complete &= _add_source(explorer, preamble)
    last = ranges[-1][1]
    closing = buffer.find(b"\n", buffer.find(mark, last, end) if last < end else end, end) + 1
    epilogue = buffer[closing:end] if closing else b""
    if may_say_something(to_text(epilogue)):
        if mark in epilogue:
            for start, stop in split(buffer, begin, end, boundary, past_the_end=True)[len(ranges) :]:
                explorer.push(Entity(buffer, start, stop, entity.depth + 1, default))
        explorer.complete &= _add_source(explorer, epilogue)
    if buffer.count(mark, begin, end) > len(ranges) + 1:
        pattern = re.compile(rb"^[ \t]*+" + re.escape(mark), re.MULTILINE)
        loose = [found.start() for found in pattern.finditer(buffer, begin, end)][:_MAX_ENTITIES]
        is_loose = False
        for start, stop in zip(loose, [*loose[1:], end], strict=True):
            after = buffer.find(b"\n", start, stop) + 1
            line = buffer[start : after or stop].rstrip()
            if after and line[2:].removesuffix(b"--") not in explorer.boundaries:
                explorer.push(Entity(buffer, after, stop, entity.depth + 1, default))
                explorer.add_text(to_text(line.lstrip()[len(mark) :]))
                is_loose = True
        if is_loose:  # a program that does not find the boundary there shows the source
            _add_source(explorer, buffer[begin:end])


def _read_message(
    explorer: _Explorer, entity: Entity, media_type: str, encodings: list[str], begin: int, common: bool
) -> None:
    body = entity.buffer[begin : entity.end]
    if media_type != MESSAGE_TYPES[0]:  # many programs take other messages for text
        _add_source(explorer, decode(encodings[0], body))
    if len(encodings) == 1 and common and encodings[0] in IDENTITY:
        return
    # RFC 2046 section 5.2.1 forbids to encode a message. Some programs read it without undoing the encoding.
    explorer.push(Entity(entity.buffer, begin, entity.end, entity.depth + 1, is_message=True))
    for encoding in encodings:
        for data in ([] if common and encoding == encodings[0] else [decode(encoding, body)]) + layered_decodings(
            encoding, body
        ):
            if data != body and is_printable(to_text(data[:4096])):
                explorer.push(Entity(data, 0, len(data), entity.depth + 1, is_message=True))
    if encodings[0] not in IDENTITY and is_printable(to_text(body[:4096])):
        _add_source(explorer, body)


def _read_leaf(
    explorer: _Explorer,
    entity: Entity,
    media_type: str,
    types: list[str],
    encodings: list[str],
    header: Structure,
    begin: int,
    common: bool,
) -> None:
    key = (id(entity.buffer), begin, entity.end, media_type, tuple(encodings))
    is_text = media_type.startswith(("text/", "message/", "multipart"))
    if key in explorer.read or (common and not is_text and len(encodings) == 1 and encodings[0] not in IDENTITY):
        return
    explorer.read.add(key)
    raw = entity.buffer[begin : entity.end]
    if not raw.strip():
        return
    filename, attached = ("", False) if common and is_text else (decode_words(header.filename), header.is_attached)
    for encoding in encodings:
        is_read = common and encoding == encodings[0]
        data = raw if is_read and not is_text else decode(encoding, raw)
        if not is_read:
            _add_leaf(explorer, media_type, types, header, data, filename, attached, data == raw)
        elif is_text:
            _add_charsets(explorer, media_type, types, header, data)
        if is_text:
            for other in layered_decodings(encoding, raw):
                if begins_like_message(other):
                    explorer.push(Entity(other, 0, len(other), entity.depth + 1, is_message=True))
                text = written_text(other) or (to_text(other) if other == raw else "")
                if encoding == "base64":
                    text = text_in_charset(other, charset_of(header, other)) or text
                if text:
                    _add_written(explorer, text, media_type)
            if encoding == "base64" and is_no_base64(raw):  # some programs show a body that is not encoded as it is
                _add_source(explorer, raw)
        elif encoding in IDENTITY:
            for other in decoded_blocks(raw):
                if len(other) * 2 > len(raw):
                    explorer.add(Part("", media_type, "", other, filename, True))
    if len(encodings) > 1 or (encodings[0] not in IDENTITY and not common):
        _add_source(explorer, raw, charset_of(header, raw))


def _add_leaf(
    explorer: _Explorer,
    media_type: str,
    types: list[str],
    header: Structure,
    data: bytes,
    filename: str,
    attached: bool,
    as_it_is: bool,
) -> None:
    if not media_type.startswith(("text/", "message/", "multipart")):
        explorer.add(Part("", media_type, "", data, filename, True))
        return
    text = to_text(data, charset_of(header, data))
    if as_it_is or is_written(text):
        _add_written(explorer, join_lines(text) if header.joins_lines else text, media_type)
    if not is_written(text):
        for block in (without_blocks(data), *decoded_blocks(data)):
            if text := written_text(block):
                _add_written(explorer, text, media_type)
        if attached or filename:
            explorer.add(Part("", media_type, "", data, filename, True))
    if not as_it_is and b"=" in data:  # encoded twice
        for other in layered_decodings("", data):
            if text := written_text(other):
                _add_written(explorer, text, media_type)
    _add_charsets(explorer, media_type, types, header, data)


def _add_charsets(explorer: _Explorer, media_type: str, types: list[str], header: Structure, data: bytes) -> None:
    """A text in the other charsets that may be meant, and a plain text that is HTML."""
    labels = [charset_of(header, data)] + [name for value in types for name in charsets_in(value)]
    for text in other_texts(data, list(dict.fromkeys(labels))[:_MAX_CHOICES]):
        _add_written(explorer, text, media_type)
    if media_type == "text/plain" and b"<" in data[:2048] and begins_with_html(to_text(data[:2048])):
        explorer.add(html_part(to_text(data, labels[0])))


def _add_written(explorer: _Explorer, text: str, media_type: str) -> None:
    if media_type == "text/html" or has_html(text):
        explorer.add(html_part(text))
        if media_type != "text/html":
            explorer.add_text(source_text(text))
    else:
        explorer.add_text(text)


def _add_source(explorer: _Explorer, raw: bytes, charset: str = "") -> bool:
    """Bytes as a program shows them that takes them for text, and what encoded lines among them say; if all is read."""
    source = read_source(raw, charset)
    for text in source.texts:
        _add_written(explorer, text, "text/plain")
    for file in source.files:
        explorer.add(Part("", "application/octet-stream", "", file, "", True))
    for message in source.messages:
        explorer.push(Entity(message, 0, len(message), 1, is_message=True))
    return source.is_complete
