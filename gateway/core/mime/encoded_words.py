"""Encoded words of a header field (RFC 2047), read the way mail programs do, broken ones too."""

from __future__ import annotations

import binascii
import re

from gateway.core.mime.charsets import to_text

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_NO_BASE64_TEXT = re.compile(rb"[^A-Za-z0-9+/\s]")
_PADDING = re.compile(rb"=[=\s]*")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decoded_words(text: str) -> str:
    """The text with every encoded word decoded; blanks between two of them go, as they only keep them apart."""
    pieces: list[str] = []
    waiting: tuple[str, bytes] | None = None  # words of one charset, together: a character may be cut between two
    at = 0
    for found in _WORD.finditer(text):
        between = text[at : found.start()]
        charset, data = found[1].lower(), _bytes(found[2], found[3])
        if waiting is not None and between.strip(" \t\r\n") == "" and waiting[0] == charset:
            waiting = (charset, waiting[1] + data)
        else:
            if waiting is not None:
                pieces.append(to_text(waiting[1], waiting[0]))
                between = between if between.strip(" \t\r\n") else ""
            pieces.append(between)
            waiting = (charset, data)
        at = found.end()
    if waiting is not None:
        pieces.append(to_text(waiting[1], waiting[0]))
    pieces.append(text[at:])
    return "".join(pieces)


def _bytes(kind: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape" if text.isascii() else "replace")
    if kind in "bB":
        return base64(data)
    return _HEX.sub(lambda found: bytes([int(found[1], 16)]), data.replace(b"_", b" "))


def base64(data: bytes) -> bytes:
    """Base64 as mail programs read it: what is no letter of it is passed over, padding may lack or come in between.

    What follows padding and is no base64 (the footer of a mailing list, say) ends it.
    """
    try:  # what is as it should be, which large files are
        return binascii.a2b_base64(data.translate(None, b" \t\r\n"), strict_mode=True)
    except binascii.Error:
        found: list[bytes] = []
    for piece in _PADDING.split(data):
        if found and _NO_BASE64_TEXT.search(piece):
            break
        letters = _NO_BASE64.sub(b"", piece)
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        found.append(binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)))
    return b"".join(found)
