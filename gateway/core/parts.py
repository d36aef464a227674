"""The pure reader of a content: its leaves as numbered parts, with the text that a person sees.

Classifiers and console share it, so that a span means the same to both. It never raises: what cannot be read is a
part that says so (RFC 2045 to 2049).
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message as Mime

from gateway.core.html import visible_text

MAX_PARTS = 500
MAX_DEPTH = 30
_ODD = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, binascii.Error)


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


def parts(content: bytes, channel: str = "mail") -> tuple[Part, ...]:
    """The parts of a content: RFC 5322 bytes, or for the channel "sms" UTF-8 text, which is one part."""
    if channel == "sms":
        return (Part("1", "text/plain", content.decode("utf-8", "replace"), content),)
    try:
        return tuple(_numbered(message_from_bytes(content)))
    except _ODD:
        _, _, rest = content.partition(b"\r\n\r\n")
        return (Part("1", "text/plain", rest.decode("utf-8", "replace"), rest, unreadable=True),)


def _numbered(root: Mime) -> Iterator[Part]:
    for count, (leaf, deep) in enumerate(_leaves(root, 0), start=1):
        if count > MAX_PARTS or deep:
            yield Part(str(count), "application/octet-stream", unreadable=True)
            return
        yield _part(str(count), leaf)


def _leaves(node: Mime, depth: int) -> Iterator[tuple[Mime, bool]]:
    payload = node.get_payload()
    if not isinstance(payload, list) or node.get_content_type() == "message/delivery-status":
        yield node, False
    elif depth >= MAX_DEPTH:
        yield node, True
    else:
        for child in payload:
            if isinstance(child, Mime):
                yield from _leaves(child, depth + 1)


def _part(number: str, leaf: Mime) -> Part:
    media_type = leaf.get_content_type()
    try:
        filename = leaf.get_filename() or ""
        attached = leaf.get_content_disposition() == "attachment" or bool(filename)
    except _ODD:
        filename, attached = "", True
    try:
        data = leaf.get_payload(decode=True)
    except _ODD:
        return Part(number, media_type, filename=filename, attached=attached, unreadable=True)
    if not isinstance(data, bytes):  # a list (delivery-status): its fields as text
        data = b"\r\n".join(bytes(str(each), "utf-8", "replace") for each in leaf.get_payload() or ())
    if media_type == "text/plain" or leaf.get_content_maintype() in ("message", "multipart"):
        return Part(number, media_type, _decoded(data, leaf), data, filename, attached)
    if media_type == "text/html":
        shown, hidden = visible_text(_decoded(data, leaf))
        return Part(number, media_type, shown, data, filename, attached, hidden)
    return Part(number, media_type, "", data, filename, attached)


def _decoded(data: bytes, leaf: Mime) -> str:
    try:
        charset = leaf.get_content_charset("utf-8")
        return data.decode(charset)
    except _ODD:
        pass
    try:
        return data.decode("utf-8")
    except UnicodeError:
        return data.decode("cp1252", "replace")
