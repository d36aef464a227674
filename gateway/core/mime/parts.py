"""The pure reader of a content: its leaves as numbered parts, with the text that a person sees.

Classifiers and console share it, so that a span means the same to both. It never raises, and time and memory grow with
the size of the content and nothing else: what cannot be read is a part that says so (RFC 2045 to 2049).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message as Mime

from gateway.core.mime.charsets import to_text
from gateway.core.mime.encoded_words import base64, decoded_words
from gateway.core.mime.headers import fields, unfolded
from gateway.core.mime.html import visible_text

MAX_PARTS = 500
MAX_DEPTH = 30

_MAX_ENTITIES = 4 * MAX_PARTS  # multiparts and attached messages count too, also empty ones
_MAX_VALUE = 16_384  # bytes of a field that are looked at; the standard library takes quadratic time for parameters
_LINE_FEED = 10
_EMPTY_LINE = re.compile(rb"\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_TOKEN = re.compile(r"[\w-]+")
_COMMENT = re.compile(r"\([^()]*\)")
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[!-.0-~]+/[!-.0-~]+")
_ENCODINGS = frozenset(
    {"", "7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "uuencode", "x-uue", "uue"}
)
_READ = ("content-type", "content-transfer-encoding", "content-disposition")
_DISPUTED = "x-disputed"
"""Set where a field is there twice and says different things: readers differ in which of them they believe."""
_ODD = (ValueError, LookupError, TypeError, AttributeError, AssertionError)
_ENVELOPES = ("message/rfc822", "message/global", "message/news")


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a content.

    `number` counts from "1" in order of appearance, attached messages opened; "subject" is used for the subject.
    `text` is the decoded text of text/plain and the visible text of text/html, empty for other files; `hidden` is
    what an HTML part carries but does not show; `data` are the decoded bytes. `attached`: meant as a file, not shown.
    `unreadable`: the structure is broken or beyond the bounds, `text` is then the best that could be had.
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
    """One MIME entity: a stretch of a buffer, how deep it lies, and what it is where it does not say (RFC 2046)."""

    buffer: bytes
    start: int
    end: int
    depth: int = 0
    default: str = "text/plain"


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A leaf before its text is read; `head` None: beyond the bounds."""

    head: Mime | None
    raw: bytes = b""
    broken: bool = False


def parts(content: bytes, channel: str = "mail") -> tuple[Part, ...]:
    """The parts of a content: RFC 5322 bytes, or for the channel "sms" UTF-8 text, which is one part."""
    return tuple(parts_in_turn(content, channel))


def parts_in_turn(content: bytes, channel: str = "mail") -> Iterator[Part]:
    """The same, each read only when it is asked for."""
    if channel == "sms":
        yield Part("1", "text/plain", content.decode("utf-8", "replace"), content)
        return
    for number, leaf in enumerate(_leaves(content), start=1):
        yield _part(str(number), leaf)


def _leaves(content: bytes) -> Iterator[_Leaf]:
    stack = [_Entity(content, 0, len(content))]
    entities = leaves = 0
    stray = bytearray()
    while stack:
        entity = stack.pop()
        entities += 1
        if leaves >= MAX_PARTS or entities > _MAX_ENTITIES:
            yield _Leaf(None)
            break
        head, begin, odd = _opened(entity)
        stray += odd
        inner = _inner(entity, head, begin)
        if inner and entity.depth < MAX_DEPTH:
            stack.extend(reversed(inner))
            continue
        leaves += 1
        broken = head.get_content_maintype() == "multipart" or _is_disputed(head)
        yield _Leaf(None) if inner else _Leaf(head, entity.buffer[begin : entity.end], broken)
    if stray.strip():  # lines among the fields that are none: some mail programs show them as text
        yield _Leaf(_head([], "text/plain"), bytes(stray))


def _opened(entity: _Entity) -> tuple[Mime, int, bytes]:
    """The fields of an entity that say how to read it, where its body begins, and lines that are no field."""
    buffer, start, end = entity.buffer, entity.start, entity.end
    found = _EMPTY_LINE.match(buffer, start, end) or _HEAD_END.search(buffer, start, end)
    stop, begin = (end, end) if found is None else found.span()
    wanted: list[tuple[str, bytes]] = []
    odd: list[bytes] = []
    for name, raw in fields(buffer[start:stop]):
        if name in _READ:
            wanted.append((name, raw))
        elif b":" not in raw:
            odd.append(raw)
    head = _head(wanted, entity.default)
    if len(wanted) > len(_READ) or len({name for name, _ in wanted}) < len(wanted):
        said = {(name, unfolded(raw).lower()) for name, raw in wanted}
        if len(said) > len({name for name, _ in said}):
            head[_DISPUTED] = "yes"
    return head, begin, b"".join(odd)


def _head(wanted: list[tuple[str, bytes]], default: str) -> Mime:
    head = Mime()
    head.set_default_type(default)
    for name, raw in wanted:
        if name not in head:
            head[name] = to_text(unfolded(raw)[:_MAX_VALUE])
    if not _MEDIA_TYPE.fullmatch(head.get_content_type()):
        head.replace_header("content-type", "text/plain")
    return head


def _inner(entity: _Entity, head: Mime, begin: int) -> list[_Entity]:
    """The entities within this one: the parts of a multipart, or an attached message."""
    if head.get_content_maintype() == "multipart":
        default = "message/rfc822" if head.get_content_type() == "multipart/digest" else "text/plain"
        return [
            _Entity(entity.buffer, start, end, entity.depth + 1, default)
            for start, end in _split(entity.buffer, begin, entity.end, _parameter(head, "boundary"))
        ]
    if head.get_content_type() not in _ENVELOPES or begin >= entity.end:
        return []
    if _encoding(head) in ("7bit", "8bit", "binary", ""):
        return [_Entity(entity.buffer, begin, entity.end, entity.depth + 1)]
    data = _data(head, entity.buffer[begin : entity.end])
    return [_Entity(data, 0, len(data), entity.depth + 1)] if data else []


def _split(buffer: bytes, begin: int, end: int, boundary: str) -> list[tuple[int, int]]:
    """Where the parts between delimiter lines lie, at most one more than are read; the last may lack its end."""
    mark = re.escape(boundary.rstrip().encode("utf-8", "replace"))
    if not mark:
        return []
    found: list[tuple[int, int]] = []
    opened = -1
    # Not anchored with ^, so that the search runs to the dashes in leaps.
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


def _parameter(head: Mime, name: str) -> str:
    try:
        value = head.get_boundary("") if name == "boundary" else head.get_filename("")
        return str(value)
    except _ODD:
        return ""


def _encoding(head: Mime) -> str:
    found = _TOKEN.search(_COMMENT.sub(" ", str(head.get("content-transfer-encoding", ""))))
    return found[0].lower() if found else ""


def _data(head: Mime, raw: bytes) -> bytes:
    match _encoding(head):
        case "base64":
            return base64(raw)
        case "quoted-printable":
            return binascii.a2b_qp(raw)
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return uudecoded(raw)
        case _:
            return raw


def uudecoded(raw: bytes) -> bytes:
    """The file that is written as text from a line "begin" to a line "end"."""
    _, _, rest = raw.partition(b"begin ")
    found = []
    for line in rest.split(b"\n")[1:]:
        line = line.rstrip(b"\r")
        if line in (b"", b"`", b"end"):
            continue
        # Some encoders write more characters than the length at the beginning of the line says.
        with suppress(binascii.Error):
            found.append(binascii.a2b_uu(line[: 1 + (((line[0] - 32) & 63) + 2) // 3 * 4]))
    return b"".join(found)


def _is_disputed(head: Mime) -> bool:
    return _DISPUTED in head or _encoding(head) not in _ENCODINGS


def _part(number: str, leaf: _Leaf) -> Part:
    head = leaf.head
    if head is None:
        return Part(number, "application/octet-stream", unreadable=True)
    media_type, filename = head.get_content_type(), decoded_words(_parameter(head, "filename"))
    try:
        attached = bool(filename) or head.get_content_disposition() == "attachment"
    except _ODD:
        attached = True
    data = _data(head, leaf.raw)
    if media_type == "text/html":
        shown, hidden = visible_text(_text(head, data))
        return Part(number, media_type, shown, data, filename, attached, hidden, leaf.broken)
    readable = media_type == "text/plain" or head.get_content_maintype() in ("message", "multipart")
    text = _text(head, data) if readable else ""
    return Part(number, media_type, text, data, filename, attached, unreadable=leaf.broken)


def _text(head: Mime, data: bytes) -> str:
    try:
        charset = head.get_content_charset("")
        if not charset:
            meta = _META.search(data[:2048]) if head.get_content_type() == "text/html" else None
            charset = meta[1].decode() if meta else "utf-8"
    except _ODD:
        charset = "utf-8"
    return to_text(data, charset)
