"""Reads a MIME content: its leaves as numbered parts, with the text that a person sees (RFC 2045 to 2049).

Classifiers and console share it, so that a span means the same to both. It never raises. Time and memory are bounded
by the size of the content. A part that cannot be read is marked as unreadable.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message as MimeHeader

from gateway.core.mime.charsets import to_text
from gateway.core.mime.encoded_words import decode_base64, decode_words
from gateway.core.mime.headers import HeaderSection, split_fields, unfold
from gateway.core.mime.html import visible_text

MAX_PARTS = 500
MAX_DEPTH = 30

_MAX_ENTITIES = 4 * MAX_PARTS  # multiparts and attached messages count too, even empty ones
_MAX_VALUE = 16_384  # bytes of a field that are parsed; the standard library takes quadratic time for parameters
_LINE_FEED = 10
_EMPTY_LINE = re.compile(rb"\r?\n")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_TOKEN = re.compile(r"[\w-]+")
_COMMENT = re.compile(r"\([^()]*\)")
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[!-.0-~]+/[!-.0-~]+")
_ENCODINGS = frozenset(
    {"", "7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "uuencode", "x-uue", "uue"}
)
_STRUCTURE_FIELDS = ("content-type", "content-transfer-encoding", "content-disposition")
_CONFLICTING = "x-conflicting"
"""Set if a field occurs twice with different values: readers differ in which one they use."""
_PARSE_ERRORS = (ValueError, LookupError, TypeError, AttributeError, AssertionError)
_MESSAGE_TYPES = ("message/rfc822", "message/global", "message/news")


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a content.

    `number` counts from "1" in order of appearance, including the parts of attached messages; spans use "subject" for
    the subject. `text` is the decoded text of text/plain and the visible text of text/html, empty for other files;
    `hidden` is what an HTML part contains but does not show; `data` are the decoded bytes. `attached`: a file rather
    than inline text. `unreadable`: the structure is broken or exceeds the limits; `text` is then a best effort.
    """

    number: str
    media_type: str
    text: str = ""
    data: bytes = b""
    filename: str = ""
    attached: bool = False
    hidden: str = ""
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class _Entity:
    """One MIME entity: a range of a buffer, its depth, and its default media type (RFC 2046)."""

    buffer: bytes
    start: int
    end: int
    depth: int = 0
    default: str = "text/plain"


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A leaf before its text is decoded; `header` None: beyond the limits."""

    header: MimeHeader | None
    raw: bytes = b""
    broken: bool = False


def mime_parts(content: bytes, section: HeaderSection | None = None) -> Iterator[Part]:
    """The parts of an RFC 5322 content, each decoded when it is requested.

    `section`: its header section, if that is parsed already.
    """
    for number, leaf in enumerate(_leaves(content, section), start=1):
        yield _part(str(number), leaf)


def text_part(content: bytes) -> Iterator[Part]:
    """A content that is nothing but UTF-8 text, as one part."""
    yield Part("1", "text/plain", content.decode("utf-8", "replace"), content)


def _leaves(content: bytes, section: HeaderSection | None) -> Iterator[_Leaf]:
    stack = [_Entity(content, 0, len(content))]
    entities = leaves = 0
    stray = bytearray()
    while stack:
        entity = stack.pop()
        entities += 1
        if leaves >= MAX_PARTS or entities > _MAX_ENTITIES:
            yield _Leaf(None)
            break
        header, begin, odd = _read_header(entity, section)
        section = None  # only the first entity is the message itself
        stray += odd
        inner = _inner_entities(entity, header, begin)
        if inner and entity.depth < MAX_DEPTH:
            stack.extend(reversed(inner))
            continue
        leaves += 1
        broken = header.get_content_maintype() == "multipart" or _is_ambiguous(header)
        yield _Leaf(None) if inner else _Leaf(header, entity.buffer[begin : entity.end], broken)
    if stray.strip():  # header lines that are not fields: some mail programs show them as text
        yield _Leaf(_structure([], "text/plain"), bytes(stray))


def _read_header(entity: _Entity, section: HeaderSection | None) -> tuple[MimeHeader, int, bytes]:
    """The structure fields of an entity, where its body begins, and header lines that are not fields."""
    buffer, start, end = entity.buffer, entity.start, entity.end
    found = _EMPTY_LINE.match(buffer, start, end) or _HEADER_END.search(buffer, start, end)
    stop, begin = (end, end) if found is None else found.span()
    parsed = section is not None and len(section) == stop + 2 and section.raw.endswith(b"\r\n")
    fields = section.fields if section is not None and parsed else split_fields(buffer[start:stop])
    wanted: list[tuple[str, bytes]] = []
    odd: list[bytes] = []
    for name, raw in fields:
        if name in _STRUCTURE_FIELDS:
            wanted.append((name, raw))
        elif b":" not in raw:
            odd.append(raw)
    if parsed and odd and odd[-1] is raw:
        odd[-1] = raw[:-2]  # the line end before the empty line belongs to it
    header = _structure(wanted, entity.default)
    if len(wanted) > len(_STRUCTURE_FIELDS) or len({name for name, _ in wanted}) < len(wanted):
        values = {(name, unfold(raw).lower()) for name, raw in wanted}
        if len(values) > len({name for name, _ in values}):
            header[_CONFLICTING] = "yes"
    return header, begin, b"".join(odd)


def _structure(wanted: list[tuple[str, bytes]], default: str) -> MimeHeader:
    header = MimeHeader()
    header.set_default_type(default)
    for name, raw in wanted:
        if name not in header:
            header[name] = to_text(unfold(raw)[:_MAX_VALUE])
    if not _MEDIA_TYPE.fullmatch(header.get_content_type()):
        header.replace_header("content-type", "text/plain")
    return header


def _inner_entities(entity: _Entity, header: MimeHeader, begin: int) -> list[_Entity]:
    """The entities inside this one: the parts of a multipart, or an attached message."""
    if header.get_content_maintype() == "multipart":
        default = "message/rfc822" if header.get_content_type() == "multipart/digest" else "text/plain"
        return [
            _Entity(entity.buffer, start, end, entity.depth + 1, default)
            for start, end in _split(entity.buffer, begin, entity.end, _parameter(header, "boundary"))
        ]
    if header.get_content_type() not in _MESSAGE_TYPES or begin >= entity.end:
        return []
    if _encoding(header) in ("7bit", "8bit", "binary", ""):
        return [_Entity(entity.buffer, begin, entity.end, entity.depth + 1)]
    data = _decode(header, entity.buffer[begin : entity.end])
    return [_Entity(data, 0, len(data), entity.depth + 1)] if data else []


def _split(buffer: bytes, begin: int, end: int, boundary: str) -> list[tuple[int, int]]:
    """The ranges between delimiter lines, at most one more than is read; the closing delimiter may be missing."""
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
        if line[1] or len(found) > MAX_PARTS:
            return found
    return [*found, (opened, end)] if opened >= 0 else found


def _parameter(header: MimeHeader, name: str) -> str:
    try:
        value = header.get_boundary("") if name == "boundary" else header.get_filename("")
        return str(value)
    except _PARSE_ERRORS:
        return ""


def _encoding(header: MimeHeader) -> str:
    found = _TOKEN.search(_COMMENT.sub(" ", str(header.get("content-transfer-encoding", ""))))
    return found[0].lower() if found else ""


def _decode(header: MimeHeader, raw: bytes) -> bytes:
    match _encoding(header):
        case "base64":
            return decode_base64(raw)
        case "quoted-printable":
            return binascii.a2b_qp(raw)
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return decode_uu(raw)
        case _:
            return raw


def decode_uu(raw: bytes) -> bytes:
    """The file that is uuencoded between a "begin" and an "end" line."""
    _, _, rest = raw.partition(b"begin ")
    found = []
    for line in rest.split(b"\n")[1:]:
        line = line.rstrip(b"\r")
        if line in (b"", b"`", b"end"):
            continue
        # Some encoders write more characters than the length at the start of the line.
        with suppress(binascii.Error):
            found.append(binascii.a2b_uu(line[: 1 + (((line[0] - 32) & 63) + 2) // 3 * 4]))
    return b"".join(found)


def _is_ambiguous(header: MimeHeader) -> bool:
    return _CONFLICTING in header or _encoding(header) not in _ENCODINGS


def _part(number: str, leaf: _Leaf) -> Part:
    header = leaf.header
    if header is None:
        return Part(number, "application/octet-stream", unreadable=True)
    media_type, filename = header.get_content_type(), decode_words(_parameter(header, "filename"))
    try:
        attached = bool(filename) or header.get_content_disposition() == "attachment"
    except _PARSE_ERRORS:
        attached = True
    data = _decode(header, leaf.raw)
    if media_type == "text/html":
        shown, hidden = visible_text(_decode_text(header, data))
        return Part(number, media_type, shown, data, filename, attached, hidden, leaf.broken)
    readable = media_type == "text/plain" or header.get_content_maintype() in ("message", "multipart")
    text = _decode_text(header, data) if readable else ""
    return Part(number, media_type, text, data, filename, attached, unreadable=leaf.broken)


def _decode_text(header: MimeHeader, data: bytes) -> str:
    try:
        charset = header.get_content_charset("")
        if not charset:
            meta = _META.search(data[:2048]) if header.get_content_type() == "text/html" else None
            charset = meta[1].decode() if meta else "utf-8"
    except _PARSE_ERRORS:
        charset = "utf-8"
    return to_text(data, charset)
