"""Decodes the encoded words of header fields (RFC 2047) as mail programs do, including malformed ones."""

from __future__ import annotations

import binascii
import re

from gateway.core.mime.charsets.decoding import to_text

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?((?:[^?=]|=(?!\?[^=])|\?(?!=))*+)\?=")
"""An encoded word. Many programs accept a question mark in it."""
_HEX_PAIR = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64_TEXT = re.compile(rb"[^A-Za-z0-9+/\s]")
_PADDING = re.compile(rb"=[=\s]*")
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MAX_UNFINISHED = 1000
"""Letters of encoded words that are decoded together, at most: each is decoded again with the next one."""
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decode_words(text: str) -> str:
    """The text with every encoded word decoded; blanks that separate two encoded words are removed.

    A word of base64 may end within a group of four letters, which the next one continues.
    """
    pieces: list[str] = []
    pending: tuple[str, bytearray] | None = None  # adjacent words of one charset: one may end within a character
    at = 0
    letters, length = "", 0  # of an unfinished word: its letters, and the bytes before it
    for found in _WORD.finditer(text):
        between = text[at : found.start()]
        charset, encoded = found[1].lower(), found[3]
        if pending is not None and between.strip(" \t\r\n") == "" and pending[0] == charset:
            if letters and found[2] in "bB":
                encoded = letters + encoded
                del pending[1][length:]
            length, data = len(pending[1]), _decode_word(found[2], encoded)
            if length and data[:2] == pending[1][:2] and data[:2] in _BYTE_ORDER_MARKS:
                data = data[2:]  # each word may have its own
            pending[1].extend(data)
        else:
            if pending is not None:
                pieces.append(to_text(bytes(pending[1]), pending[0]))
                between = between if between.strip(" \t\r\n") else ""
            pieces.append(between)
            length, data = 0, _decode_word(found[2], encoded)
            pending = (charset, bytearray(data))
        is_unfinished = found[2] in "bB" and len(encoded) % 4 and not encoded.endswith("=")
        letters = encoded if is_unfinished and len(encoded) < _MAX_UNFINISHED else ""
        at = found.end()
    if pending is not None:
        pieces.append(to_text(bytes(pending[1]), pending[0]))
    pieces.append(text[at:])
    return "".join(pieces)


def _decode_word(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape" if text.isascii() else "replace")
    if encoding in "bB":
        return decode_base64(data)
    return _HEX_PAIR.sub(lambda found: bytes([int(found[1], 16)]), data.replace(b"_", b" "))


def decode_base64(data: bytes) -> bytes:
    """Decodes base64 leniently: other characters are skipped, padding may be missing or occur in the middle.

    Text after padding that is not base64, such as the footer of a mailing list, ends the data.
    """
    try:  # the fast path for well-formed data, such as large files
        return binascii.a2b_base64(data.translate(None, b" \t\r\n"), strict_mode=True)
    except binascii.Error:
        found: list[bytes] = []
    for piece in _PADDING.split(data):
        if found and _NOT_BASE64_TEXT.search(piece):
            break
        letters = _NOT_BASE64.sub(b"", piece)
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        found.append(binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)))
    return b"".join(found)
