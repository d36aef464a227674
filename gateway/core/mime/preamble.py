"""What says nothing where MIME is shown as text: structure, and what mail programs write before the first boundary."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.charsets.marks import LETTER_SIGNS, has_letters
from gateway.core.mime.charsets.other_charsets import other_texts
from gateway.core.mime.charsets.text_in_bytes import text_in_charset, written_text
from gateway.core.mime.charsets.written import is_printable
from gateway.core.mime.transfer import FILE_MARKS, source_decodings, without_blocks

_STRUCTURE = re.compile(
    rb"^(?:content-type:[ \t]*[\w.+-]+/[\w.+-]+(?:[ \t]*;[ \t\r\n]*[\w*-]+=(?:\"[^\"\r\n]{0,90}\"|[^\s;]{0,90}))*;?"
    rb"|content-transfer-encoding:[ \t]*[\w-]{4,20}|content-disposition:[ \t]*(?:inline|attachment)"
    rb"|content-id:[ \t]*<\S{0,90}>|mime-version:[ \t]*[\d.]+"
    rb"|--(?=[^\r\n]*(?:[\d=]|--\s))[^\s]{12,90})[ \t]*(?:\r?\n|\Z)",
    re.IGNORECASE | re.MULTILINE,
)
"""Header lines of parts, and boundaries, that say nothing when a program shows them as text."""
_FIELD = re.compile(rb"[A-Za-z-]{2,40}:[ \t]*\S")
_MIME_FIELD = re.compile(rb"^(?:mime-version|content-type):", re.IGNORECASE | re.MULTILINE)
"""How a message begins, and what it has near its beginning."""
_SAMPLE = 2000
_QUOTED, _QUOTED_SHARE = re.compile(r"=[0-9A-F]{2}"), 5
"""Quoted-printable, and of how many characters one such sign makes a text data."""
_MIN_DATA = 30
"""Bytes of encoded data from which they may say something."""
_MIN_SIGNS = 24
"""Signs in a text without a letter from which they may be a code."""
_ONLY_SIGNS = re.compile(r"[\s!-@\[-`{-~]*+")
_WORDS = re.compile(rf"(?:[^\W\d_]|[{LETTER_SIGNS}])+")
_PREAMBLE_WORDS = frozenset(
    "a an and any be been by can client compatible conformant contains content could cryptographically "
    "different does due email encapsulated encrypted for format formatted if in is it its likely mail many may "
    "message messages mime multi multimedia multipart not of openpgp or part parts pgp possible program read "
    "reader readable rfc s see should sign signature signed since smime software some standard support "
    "supports tag text that the there this to tools type understand unless use used using version viewer was "
    "while will with within without you your be aware unreadable".split()
)
"""Such a text has no other words."""


def is_usual_preamble(text: bytes) -> bool:
    """Whether a text says only what mail programs write there."""
    words = _WORDS.findall(to_text(text).lower())
    return bool(words) and _PREAMBLE_WORDS.issuperset(words)


def without_structure(source: bytes) -> bytes:
    """A source without its lines of structure."""
    return _STRUCTURE.sub(b"", source)


def may_say_something(text: str) -> bool:
    """Whether a text has letters, or so many other signs that they may be letters in a code, as in Morse's."""
    return has_letters(text) or sum(map(len, text.split())) >= _MIN_SIGNS


@dataclass(frozen=True, slots=True)
class SourceReading:
    """A source as a program shows it that takes it for text, and what encoded lines in it are.

    `is_complete`: all of it could be read.
    """

    texts: tuple[str, ...]
    files: tuple[bytes, ...]
    messages: tuple[bytes, ...]
    is_complete: bool


def _is_quoted(text: str) -> bool:
    return len(_QUOTED.findall(text)) * _QUOTED_SHARE > len(text)


def begins_like_message(data: bytes) -> bool:
    """Whether data begins with header fields of MIME."""
    return _FIELD.match(data) is not None and _MIME_FIELD.search(data, 0, _SAMPLE) is not None


def read_source(raw: bytes, charset: str = "") -> SourceReading:
    """Read bytes that no part has. `charset`: that of encoded data in them."""
    source = without_structure(raw)
    rest = without_blocks(source)
    own, found = to_text(rest), source_decodings(raw)
    texts, files, messages, unread = [own, *other_texts(rest, [charset or "utf-8"])], [], [], []
    for data in found:
        if data.startswith(FILE_MARKS):
            files.append(data)
        elif begins_like_message(data):
            messages.append(data)
        elif text := written_text(data) or text_in_charset(data, charset):
            texts.append(text)
        elif len(data) >= _MIN_DATA:
            unread.append(data)
    is_complete = (is_printable(own) or _ONLY_SIGNS.fullmatch(own) is not None) and (
        len(rest) == len(source) or bool(found)
    )
    if unread:  # lines of structure may look like data
        is_complete &= set(source_decodings(source)).isdisjoint(unread)
    if _is_quoted(own):
        is_complete &= any(len(text) * _QUOTED_SHARE > len(own) and not _is_quoted(text) for text in texts)
    return SourceReading(tuple(texts), tuple(files), tuple(messages), is_complete)
