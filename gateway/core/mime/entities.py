"""MIME entities as most programs read them: header, media type, boundary, the entities inside (RFC 2045, RFC 2046).

`gateway.core.mime.other_readings` has what other programs may see instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message as MimeHeader

from gateway.core.mime.charsets import to_text
from gateway.core.mime.headers import HeaderSection, split_fields, unfold
from gateway.core.mime.transfer import ENCODINGS, IDENTITY, decode

MAX_PARTS = 500
MAX_DEPTH = 30
MESSAGE_TYPES = ("message/rfc822", "message/global", "message/news")
STRUCTURE_FIELDS = ("content-type", "content-transfer-encoding", "content-disposition")

_MAX_VALUE = 16_384  # bytes of a field that are parsed; the standard library takes quadratic time for parameters
_LINE_FEED = 10
_EMPTY_LINE = re.compile(rb"\r?\n")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_TOKEN = re.compile(r"[\w-]+")
_COMMENT = re.compile(r"\([^()]*\)")
_MEDIA_TYPE = re.compile(r"[!-.0-~]+/[!-.0-~]+")
_CONFLICTING = "x-conflicting"
"""Set if a field occurs twice with different values: readers differ in which one they use."""
PARSE_ERRORS = (ValueError, LookupError, TypeError, AttributeError, AssertionError)


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

    header: MimeHeader
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
    header = structure(wanted, entity.default)
    if len(wanted) > len(STRUCTURE_FIELDS) or len({name for name, _ in wanted}) < len(wanted):
        values = {(name, unfold(raw).lower()) for name, raw in wanted}
        if len(values) > len({name for name, _ in values}):
            header[_CONFLICTING] = "yes"
    return EntityHeader(header, tuple(wanted), stop, begin, b"".join(stray))


def structure(wanted: list[tuple[str, bytes]], default: str) -> MimeHeader:
    """The structure fields parsed; of fields that occur twice, the first one."""
    header = MimeHeader()
    header.set_default_type(default)
    for name, raw in wanted:
        if name not in header:
            header[name] = to_text(unfold(raw)[:_MAX_VALUE])
    if not _MEDIA_TYPE.fullmatch(header.get_content_type()):
        header.replace_header("content-type", "text/plain")
    return header


def inner_entities(entity: Entity, header: MimeHeader, begin: int) -> list[Entity]:
    """The entities inside this one: the parts of a multipart, or an attached message."""
    if header.get_content_maintype() == "multipart":
        default = default_type(header.get_content_type())
        return [
            Entity(entity.buffer, start, end, entity.depth + 1, default)
            for start, end in split(entity.buffer, begin, entity.end, parameter(header, "boundary"))
        ]
    if header.get_content_type() not in MESSAGE_TYPES or begin >= entity.end:
        return []
    if encoding_of(header) in IDENTITY:
        return [Entity(entity.buffer, begin, entity.end, entity.depth + 1, is_message=True)]
    data = decode(encoding_of(header), entity.buffer[begin : entity.end])
    return [Entity(data, 0, len(data), entity.depth + 1, is_message=True)] if data else []


def default_type(multipart: str) -> str:
    """The media type of parts that do not say theirs."""
    return "message/rfc822" if multipart == "multipart/digest" else "text/plain"


def split(buffer: bytes, begin: int, end: int, boundary: str, past_the_end: bool = False) -> list[tuple[int, int]]:
    """The ranges between delimiter lines, at most one more than is read; the closing delimiter may be missing.

    `past_the_end`: what follows the closing delimiter is a part too, as some programs have it.
    """
    mark = re.escape(boundary.rstrip().encode("utf-8", "replace"))
    if not mark:
        return []
    found: list[tuple[int, int]] = []
    opened = -1
    # Not anchored with ^: the search for the dashes is then much faster.
    for line in re.compile(rb"--" + mark + rb"(--)?[ \t]*\r?(?:\n|\Z)").finditer(buffer, begin, end):
        if line.start() and buffer[line.start() - 1] != _LINE_FEED:
            continue
        if opened >= 0:
            before = line.start() - 1  # the line end before a delimiter belongs to it
            found.append((opened, max(opened, before - (buffer[before - 1 : before] == b"\r"))))
        opened = line.end()
        if (line[1] and not past_the_end) or len(found) > MAX_PARTS:
            return found
    return [*found, (opened, end)] if opened >= 0 else found


def parameter(header: MimeHeader, name: str) -> str:
    """The boundary or the file name; "" if there is none or it cannot be parsed."""
    try:
        value = header.get_boundary("") if name == "boundary" else header.get_filename("")
        return str(value)
    except PARSE_ERRORS:
        return ""


def encoding_of(header: MimeHeader) -> str:
    """The content transfer encoding in lower case, "" if none is declared."""
    return encoding_in(str(header.get("content-transfer-encoding", "")))


def encoding_in(value: str) -> str:
    """The encoding that a value of Content-Transfer-Encoding names, without comments and quotes."""
    found = _TOKEN.search(_COMMENT.sub(" ", value))
    return found[0].lower() if found else ""


def is_ambiguous(header: MimeHeader) -> bool:
    """Whether fields contradict each other or the encoding is unknown."""
    return _CONFLICTING in header or encoding_of(header) not in ENCODINGS
