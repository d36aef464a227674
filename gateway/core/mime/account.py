"""The account of a content: what every byte of it is, and what was read of it.

A reading divides a content into spans without gaps. What no rule claims is `UNREAD`, so nothing is passed over in
silence: the spans always add up to the size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.guard import FinderFailure, Guard
from gateway.core.mime.header_words import ADDRESS_FIELDS, MAX_SECTION, TEXT_FIELDS, header_words, shown_header_text
from gateway.core.mime.headers import HeaderSection, split_fields
from gateway.core.mime.other_readings import NO_OTHERS, OtherReadings, other_readings
from gateway.core.mime.parts import Part, Visit, charset_of, leaves, part_of
from gateway.core.mime.transfer import IDENTITY

_SHOWN_FIELDS = ADDRESS_FIELDS | TEXT_FIELDS | {"subject"}
_DESCRIPTION = re.compile(rb"^content-description:", re.IGNORECASE | re.MULTILINE)
_LETTER = re.compile(rb"[A-Za-z0-9\x80-\xff]")


class Use(StrEnum):
    """What was done with bytes."""

    TEXT = "text"
    """Read as text."""
    STRUCTURE = "structure"
    """Header fields that nobody sees, boundaries, line ends."""
    FILE = "file"
    """The bytes of a file, for the readers of files."""
    NOT_TEXT = "not text"
    """A file that was verified and holds no words."""
    UNREAD = "not read"
    """Not understood, or beyond a limit."""


_UNSEEN = (Use.STRUCTURE, "", "header fields")
_SHOWN = (Use.TEXT, "", "header fields")
_SUBJECT = (Use.TEXT, "subject", "header field")
_LINE_END = b"\r\n"


@dataclass(frozen=True, slots=True)
class ByteSpan:
    """The use of a range of bytes. `part`: the number of its part, "subject", or "" between the parts.

    `how` says how it was decoded, such as "base64, utf-8", or what it is.
    """

    start: int
    end: int
    use: Use
    part: str = ""
    how: str = ""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was read of a content.

    `others`: what only some programs show. `header_text`: words of header fields other than the subject. `failures`:
    what could not be looked for.
    """

    parts: tuple[Part, ...]
    spans: tuple[ByteSpan, ...]
    others: OtherReadings = NO_OTHERS
    header_text: str = ""
    failures: tuple[FinderFailure, ...] = ()


def read_mail(content: bytes, section: HeaderSection | None = None) -> Reading:
    """Read a mail in every way in which programs may read it."""
    visits: list[Visit] = []
    parts = []
    owners: dict[int, str] = {}
    guard = Guard()
    for number, leaf in enumerate(leaves(content, section, visits.append), start=1):
        part = guard.run("parts", part_of, str(number), leaf)
        parts.append(part or Part(str(number), "text/plain", to_text(leaf.raw), leaf.raw, unreadable=True))
        owners.setdefault(len(visits) - 1, str(number))  # the visit before a leaf is its own
    section = HeaderSection.of(content) if section is None else section
    spans = guard.run("account", _account, content, visits, parts, owners, section) or _complete((), len(content))
    words = [guard.run("header fields", header_words, section)]
    words += [guard.run("header fields", _attached_header_words, visit) for visit in visits]
    others = guard.run("other readings", other_readings, visits) or NO_OTHERS
    if any(visit.head.stop - visit.entity.start > MAX_SECTION for visit in visits):
        guard.failures.append(FinderFailure("header fields", "beyond the limits"))
    return Reading(tuple(parts), spans, others, "\n".join(filter(None, words)), tuple(guard.failures))


def _attached_header_words(visit: Visit) -> str:
    """The words that programs show of the header of a part: the subject and names of an attached message."""
    entity = visit.entity
    if entity.is_message:
        return shown_header_text(HeaderSection(entity.buffer[entity.start : visit.head.stop]))
    if entity.depth and _DESCRIPTION.search(entity.buffer, entity.start, visit.head.stop):
        return header_words(HeaderSection(entity.buffer[entity.start : visit.head.stop]))
    return ""


def read_text(content: bytes, parts: Iterable[Part]) -> Reading:
    """The reading of a content that is nothing but text."""
    spans = (ByteSpan(0, len(content), Use.TEXT, "1", "utf-8"),) if content else ()
    return Reading(tuple(parts), spans)


def _complete(spans: Iterable[ByteSpan], size: int) -> tuple[ByteSpan, ...]:
    """The spans in order, with what they leave out as `UNREAD`; of spans that overlap, the earlier one counts."""
    out: list[ByteSpan] = []
    at = 0
    for span in sorted(spans, key=attrgetter("start", "end")):
        start, end = span.start, span.end
        if start > at:
            out.append(ByteSpan(at, min(start, size), Use.UNREAD))
        if start == at < end <= size:
            out.append(span)
        elif max(start, at) < min(end, size):
            out.append(ByteSpan(max(start, at), min(end, size), span.use, span.part, span.how))
        at = max(at, min(end, size))
    if at < size:
        out.append(ByteSpan(at, size, Use.UNREAD))
    return tuple(out)


def _account(
    content: bytes, visits: list[Visit], parts: list[Part], owners: dict[int, str], section: HeaderSection
) -> tuple[ByteSpan, ...]:
    return _complete(_spans(content, visits, parts, owners, section), len(content))


def _spans(
    content: bytes, visits: list[Visit], parts: list[Part], owners: dict[int, str], section: HeaderSection
) -> Iterator[ByteSpan]:
    for index, visit in enumerate(visits):
        entity, head = visit.entity, visit.head
        if entity.buffer is not content:
            continue  # inside an encoded message, which is one span
        is_first = not index and len(section) == head.stop + len(_LINE_END)
        fields = section.fields if is_first else split_fields(content[entity.start : head.stop])
        yield from _header_spans(fields, entity.start, head.stop)
        yield ByteSpan(head.stop, head.begin, Use.STRUCTURE, "", "empty line")
        begin, end = head.begin, entity.end
        if visit.inner and visit.inner[0].buffer is content:
            yield from _between(content, begin, end, [(inner.start, inner.end) for inner in visit.inner])
        elif visit.inner:
            yield ByteSpan(begin, end, Use.TEXT, "", f"attached message, {head.header.encoding}")
        elif index in owners:
            yield _body_span(visit, parts[int(owners[index]) - 1], begin, end)


def _header_spans(fields: Iterable[tuple[str, bytes]], start: int, stop: int) -> Iterator[ByteSpan]:
    begin, at, use = start, start, _UNSEEN
    for name, raw in fields:
        here = _SUBJECT if name == "subject" else _SHOWN if name in _SHOWN_FIELDS or b":" not in raw else _UNSEEN
        if here is not use:
            if at > begin:
                yield ByteSpan(begin, at, *use)
            begin, use = at, here
        at += len(raw)
    yield ByteSpan(begin, min(at, stop), *use)


def _between(content: bytes, begin: int, end: int, inner: list[tuple[int, int]]) -> Iterator[ByteSpan]:
    """Boundaries, and text before, between and after the parts of a multipart."""
    at = begin
    for start, stop in (*inner, (end, end)):
        gap = content[at:start]
        line = gap.rfind(b"\n--", 0, max(0, len(gap) - 1)) + 1 if at == begin else 0
        if at == begin and line and _LETTER.search(gap, 0, line):
            yield ByteSpan(at, at + line, Use.TEXT, "", "text before the first part")
            yield ByteSpan(at + line, start, Use.STRUCTURE, "", "boundary")
        elif start == end == stop:
            after = content.find(b"\n", at + 2, end) + 1 or end
            yield ByteSpan(at, after, Use.STRUCTURE, "", "boundary")
            use = Use.TEXT if _LETTER.search(content, after, end) else Use.STRUCTURE
            yield ByteSpan(after, end, use, "", "text after the last part")
        else:
            yield ByteSpan(at, start, Use.STRUCTURE, "", "boundary")
        at = stop


def _body_span(visit: Visit, part: Part, begin: int, end: int) -> ByteSpan:
    header = visit.head.header
    encoding = header.encoding
    how = [] if encoding in IDENTITY else [encoding]
    if part.media_type.startswith("text/") or part.text:
        charset = charset_of(header, part.data)
        use, how = Use.TEXT, [part.media_type, *how, charset]
    else:
        use, how = Use.FILE, [part.media_type, *how]
    if part.unreadable and not part.text:
        use = Use.UNREAD
    return ByteSpan(begin, end, use, part.number, ", ".join(how))


def describe(spans: Iterable[ByteSpan]) -> tuple[list[str], list[str]]:
    """The account in words: what was read, and what was not, each with its size. Structure is left out."""
    sizes: dict[tuple[bool, str], int] = {}
    for span in spans:
        if span.use is Use.STRUCTURE or not span.size:
            continue
        name = "subject" if span.part == "subject" else f"part {span.part} ({span.how})" if span.part else span.how
        name = name or "beyond the limits"
        if span.use is Use.NOT_TEXT:
            name += ", no words in it"
        key = (span.use is not Use.UNREAD, name)
        sizes[key] = sizes.get(key, 0) + span.size
    read = [f"{name}, {size:,} bytes" for (is_read, name), size in sizes.items() if is_read]
    unread = [f"{name}, {size:,} bytes" for (is_read, name), size in sizes.items() if not is_read]
    return read, unread
