"""Text in bytes of which nothing says that they are text."""

from __future__ import annotations

import re

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.charsets.look_alikes import alike_text_of_east_asia
from gateway.core.mime.charsets.names import EBCDIC, known_codec
from gateway.core.mime.charsets.wide import detect_wide_charset
from gateway.core.mime.charsets.written import _CONTROL_CHARACTERS, SAMPLE, is_printable, is_written

CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_AMONG_CONTROLS = re.compile(rb"(?:[\x01-\x08\x0e-\x1a\x1c-\x1f]{1,3}[A-Za-z ]){6}")
_MULTIBYTE = ("gb", "big5", "shift", "euc", "iso-2022", "hz", "cp93", "ks_c", "utf-16", "utf-32")
"""How charsets begin whose bytes are valid only by intent."""
_MARKUP = re.compile(r"&#?\w{1,9};|<[^<>]{1,2000}>")
_MIN_UTF_8 = 12
"""Bytes of characters beyond ASCII in valid UTF-8 from which it is no other charset."""
_MIN_PLAIN = 24
"""Printable bytes in a row from which they are no other data."""
_ASCII_RUN = re.compile(rb"[\t\r\n -~]{10,}")
NON_ASCII = bytes(range(128, 256))


def written_text(data: bytes) -> str:
    """The text of bytes that are text in UTF-8 or in a Western charset; of other bytes, the runs of text in them.

    Bytes of zero are left out, so that words in UTF-16 are among the runs; so are control characters between letters.
    """
    if b"\0" in data:
        if charset := detect_wide_charset(data):
            return to_text(data, charset)
        data = data.replace(b"\0", b"")
    if _AMONG_CONTROLS.search(data):
        data = CONTROLS.sub(b"", data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        sample = data[:SAMPLE]
        is_western = len(sample.translate(None, NON_ASCII)) * 10 >= 8 * len(sample)
        text = (alike_text_of_east_asia(data) or data.decode("cp1252", "replace")) if is_western else ""
    plain = _MARKUP.sub("a", text) if "&" in text or "<" in text else text
    if plain and is_written(plain) and (len(plain) <= SAMPLE or is_written(plain[-SAMPLE:])):
        return text
    is_long = len(data) >= _MIN_PLAIN or len(data) - len(data.translate(None, NON_ASCII)) > _MIN_UTF_8
    if text and is_long and not _CONTROL_CHARACTERS.search(text):
        return text  # other bytes are not valid UTF-8, nor printable, by chance
    runs = (run.decode() for run in _ASCII_RUN.findall(data))  # rules and addresses may stand among words
    texts = (text for run in runs for text in ([run] if _has_words(run) else run.splitlines()))
    return "\n".join(filter(_has_words, texts))


def text_in_charset(data: bytes, charset: str) -> str:
    """The text of bytes in EBCDIC, or in a charset whose bytes are valid only by intent; "" if they are no text."""
    if not charset.lower().startswith(_MULTIBYTE):
        text = to_text(data, charset) if known_codec(charset.lower()) in EBCDIC else ""
        return text if is_written(text) and is_printable(text) else ""
    text = to_text(data, charset)
    is_text = is_written(text) or sum(map(str.isalpha, text[:SAMPLE])) * 2 > len(text[:SAMPLE])
    return text if text.count("\ufffd") * 20 <= len(text) and is_text else ""


def _has_words(text: str) -> bool:
    letters = sum(character.isalpha() or character == " " for character in text)
    return " " in text and letters * 5 >= 4 * len(text) and is_written(text)
