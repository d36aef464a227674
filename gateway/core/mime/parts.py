"""Reads a MIME content: its leaves as numbered parts, with the text that a person sees (RFC 2045 to 2049).

Classifiers and console share it, so that a span means the same to both. It never raises. Time and memory are bounded
by the size of the content. A part that cannot be read is marked as unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.encoded_words import decode_words
from gateway.core.mime.entities import (
    MAX_DEPTH,
    MAX_PARTS,
    Entity,
    EntityHeader,
    inner_entities,
    read_header,
)
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.html import read_html
from gateway.core.mime.page.attributes import EmbeddedFile
from gateway.core.mime.structure import MULTIPART, Structure, join_lines, read_structure
from gateway.core.mime.transfer import decode

_MAX_ENTITIES = 4 * MAX_PARTS  # multiparts and attached messages count too, even empty ones
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a content.

    `number` counts from "1" in order of appearance, including the parts of attached messages; spans use "subject" for
    the subject. `text` is the decoded text of text/plain and the visible text of text/html, empty for other files;
    `hidden` is what an HTML part contains but does not show; `data` are the decoded bytes. `attached`: a file rather
    than inline text. `unreadable`: the structure is broken or exceeds the limits; `text` is then a best effort. Of
    HTML: `gaps` say why it was not read completely, `disputed`: programs show different words, `embedded`: files
    inside its addresses, `marked`: words that may be a sentence (see gateway.core.mime.html.HtmlReading).
    """

    number: str
    media_type: str
    text: str = ""
    data: bytes = b""
    filename: str = ""
    attached: bool = False
    hidden: str = ""
    unreadable: bool = False
    gaps: tuple[str, ...] = ()
    disputed: bool = False
    embedded: tuple[EmbeddedFile, ...] = ()
    marked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """An entity that was read: its header, and the entities inside that were read next."""

    entity: Entity
    head: EntityHeader
    inner: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf before its text is decoded; `header` None: beyond the limits."""

    header: Structure | None
    raw: bytes = b""
    broken: bool = False


def mime_parts(content: bytes, section: HeaderSection | None = None) -> Iterator[Part]:
    """The parts of an RFC 5322 content, each decoded when it is requested.

    `section`: its header section, if that is parsed already.
    """
    for number, leaf in enumerate(leaves(content, section), start=1):
        yield part_of(str(number), leaf)


def text_part(content: bytes) -> Iterator[Part]:
    """A content that is nothing but UTF-8 text, as one part."""
    yield Part("1", "text/plain", content.decode("utf-8", "replace"), content)


def leaves(
    content: bytes, section: HeaderSection | None = None, visit: Callable[[Visit], None] | None = None
) -> Iterator[Leaf]:
    """The leaves of a content in order of appearance. `visit` is called with every entity before its leaf follows."""
    stack = [Entity(content, 0, len(content))]
    entities = count = 0
    stray = bytearray()
    while stack:
        entity = stack.pop()
        entities += 1
        if count >= MAX_PARTS or entities > _MAX_ENTITIES:
            yield Leaf(None)
            break
        head = read_header(entity, section)
        section = None  # only the first entity is the message itself
        stray += head.stray
        header = head.header
        inner = inner_entities(entity, header, head.begin)
        goes_deeper = bool(inner) and entity.depth < MAX_DEPTH
        if visit is not None:
            visit(Visit(entity, head, tuple(inner) if goes_deeper else ()))
        if goes_deeper:
            stack.extend(reversed(inner))
            continue
        count += 1
        broken = header.media_type.startswith(MULTIPART) or header.is_ambiguous
        yield Leaf(None) if inner else Leaf(header, entity.buffer[head.begin : entity.end], broken)
    if stray.strip():  # header lines that are not fields: some mail programs show them as text
        yield Leaf(read_structure([], "text/plain"), bytes(stray))


def part_of(number: str, leaf: Leaf) -> Part:
    """A leaf with its text decoded."""
    header = leaf.header
    if header is None:
        return Part(number, "application/octet-stream", unreadable=True)
    media_type, filename = header.media_type, decode_words(header.filename)
    attached = bool(filename) or header.is_attached
    data = decode(header.encoding, leaf.raw)
    if media_type == "text/html":
        html = read_html(to_text(data, charset_of(header, data)))
        return Part(
            number, media_type, html.shown, data, filename, attached, html.hidden, leaf.broken,
            html.gaps, html.is_disputed, html.embedded, html.marked,
        )  # fmt: skip
    readable = media_type == "text/plain" or media_type.startswith(("message/", MULTIPART))
    text = to_text(data, charset_of(header, data)) if readable else ""
    text = join_lines(text) if header.joins_lines else text
    return Part(number, media_type, text, data, filename, attached, unreadable=leaf.broken)


def charset_of(header: Structure, data: bytes) -> str:
    """The declared charset of a text: in its header, or in a meta element of HTML; UTF-8 if there is none."""
    if header.charset:
        return header.charset
    meta = _META.search(data[:2048]) if header.media_type == "text/html" else None
    return meta[1].decode() if meta else "utf-8"
