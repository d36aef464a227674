"""Sentences in header fields that mail programs show only on request, and in the fields of parts.

Machines write these fields, so only what reads as a sentence about somebody counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from classifiers.extract.hidden_writing.codes import is_sentence
from classifiers.extract.hidden_writing.link_words import SPEAKING, SPEAKS, words_of_links
from classifiers.extract.readers.records import say_together
from gateway.core.mime.account import ByteSpan, Use
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.header_words import ADDRESS_FIELDS, TEXT_FIELDS
from gateway.core.mime.headers import HeaderSection, decode_value, unfold
from gateway.core.mime.transfer import decode

_MAX_HEADER = 1 << 17
"""Bytes of all header fields that are read."""
_FOLD = re.compile(r"\r?\n[ \t]+")
_SEGMENT = re.compile(r"[\"()<>;={}\[\]]+")
_JOINTS = bytes(32 if chr(code) in "()<>[]{}\"';:,.!?=-_+/&#|~*@" else code for code in range(256))
_SPEAKING = frozenset(word.encode() for word in SPEAKING)
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_COMMENT = re.compile(r"<[^<>]*>")
_PLAIN = re.compile(r"[¿¡'(]*[^\W\d_]+(?:['’][^\W\d_]+)*[,.;:!?')]*")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MIN_BLANKS = 3
_MIN_WORDS = 4
_ADDRESS = re.compile(rb"([^\s@<>,;:\"()]{1,64})@([^\s@<>,;:\"().]{1,64})")
_MIN_ADDRESSES, _MIN_SPEAKING = 6, 2
"""Addresses in one field that may be a word each, and different words that speak of somebody among them."""
_MAX_NAMES = 5
"""Of so many names in fields, one may have several words: those of people have."""
_MIN_CODED = 16
"""Letters of an address by their numbers from which they may be words."""
_NO_FRAME = str.maketrans("", "", '"()')
_OWN_FIELD = re.compile(r"(?:x-)?([^\W\d_]{1,20})", re.IGNORECASE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,4000}+={0,2}")
_MAX_NAME, _MIN_NAMES = 2, 8
"""Letters of names that may be pieces of words, and such names in one field."""


def header_sentences(content: bytes, spans: Iterable[ByteSpan]) -> list[str]:
    """What the header fields say that nothing else reads."""
    fields: list[bytes] = []
    left = _MAX_HEADER
    is_first = True
    for span in spans:
        is_first = is_first and span.how.startswith("header field")
        if span.how.startswith("header field") and (span.use is Use.STRUCTURE or not is_first):
            fields.append(content[span.start : min(span.end, span.start + max(left, 0))])
            left -= span.size
    if not _speak(b" ".join(fields)):
        return []  # nearly always, and this is quick
    found: list[str] = []
    for field in filter(_speak, fields):
        text = _FOLD.sub(" ", to_text(field))
        found += words_of_links(text, is_sentence)
        found += _sentences(text)
    return list(dict.fromkeys(found))


def _speak(field: bytes) -> bool:
    """Whether header fields may speak of somebody."""
    words = field.lower().replace(b"%20", b" ").translate(_JOINTS)
    return not words.isascii() or not _SPEAKING.isdisjoint(words.split())


def _sentences(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if line.count(" ") < _MIN_BLANKS and line.count("%") < _MIN_BLANKS:
            continue
        if "%" in line and _ENCODED.search(line):
            line = unquote(line)
        for segment in _SEGMENT.split(line.partition(":")[2]):
            if segment.count(" ") < _MIN_BLANKS:
                continue
            words = " ".join(filter(_PLAIN.fullmatch, segment.split()))  # no hosts, numbers and codes of languages
            if len(_WORD.findall(words)) >= _MIN_WORDS and SPEAKS.search(words.lower()) and is_sentence(words):
                yield segment.strip()


def words_of_names_together(section: HeaderSection) -> Iterator[str]:
    """What several names, addresses or fields of one kind say together, and what the addresses of a list say."""
    yield from _letters_of_names(section)
    yield from _words_of_addresses(section)
    yield from _words_of_fields(section)
    yield from _names_of_fields(section)
    for name, raw in section.fields:
        if name.startswith("list-") and (_speak(raw) or raw.count(b"%") > _MIN_CODED):
            yield from words_of_links(to_text(raw[:_MAX_HEADER]), is_sentence)


def _words_of_addresses(section: HeaderSection) -> Iterator[str]:
    """What the local parts, or the hosts, of several addresses say together, a word each."""
    for name, raw in section.fields:
        if name not in ADDRESS_FIELDS or raw.count(b"@") < _MIN_ADDRESSES:
            continue
        addresses = _ADDRESS.findall(raw[:_MAX_HEADER].lower())
        for words in ([local.rpartition(b"+")[2] for local, _ in addresses], [host for _, host in addresses]):
            if len(_SPEAKING.intersection(words)) >= _MIN_SPEAKING and is_sentence(said := to_text(b" ".join(words))):
                yield said


def _words_of_fields(section: HeaderSection) -> Iterator[str]:
    """What the names in the fields of one kind, or such fields themselves, say together, a word each."""
    fields: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for name, raw in section.fields:
        if name in ADDRESS_FIELDS or name in TEXT_FIELDS or raw.count(b"@") >= _MIN_ADDRESSES:
            counts[name] += 1 + raw.count(b",")
    for name, raw in section.fields if counts and max(counts.values()) > _MIN_WORDS else ():
        if counts[name] > _MIN_WORDS:
            pieces = _COMMENT.sub(" ", decode_value(unfold(raw[:_MAX_HEADER]))).split(",")
            fields.setdefault(name, []).extend(piece.translate(_NO_FRAME).strip() for piece in pieces)
    single = (words for words in fields.values() if sum(" " in word for word in words) * _MAX_NAMES <= len(words))
    yield from filter(is_sentence, say_together(single))


def _names_of_fields(section: HeaderSection) -> Iterator[str]:
    """What the names of fields say together, a word each, and what the value of one says in base64."""
    words = [found[1] for name, _ in section.fields if (found := _OWN_FIELD.fullmatch(name)) is not None]
    if len(words) >= _MIN_NAMES and is_sentence(said := " ".join(words)):
        yield said
    left = _MAX_HEADER
    for _, raw in section.fields:
        for code in _BASE64.findall(b"".join(raw[: max(left, 0)].split())):
            text = " ".join(decode("base64", code).decode("utf-8", "replace").split())
            if text.isprintable() and "\ufffd" not in text and is_sentence(text):
                yield text
        left -= len(raw)


def _letters_of_names(section: HeaderSection) -> Iterator[str]:
    """What the names of several addresses say together if each is a letter or two."""
    for name, raw in section.fields:
        if name in ADDRESS_FIELDS and raw.count(b",") >= _MIN_NAMES - 1:
            pieces = _COMMENT.sub(" ", decode_value(unfold(raw[:_MAX_HEADER]))).split(",")
            names = [piece.strip(' "') for piece in pieces]
            if sum(0 < len(name) <= _MAX_NAME for name in names) >= _MIN_NAMES:
                yield "".join(names)
