"""Compares what parsers by others show of a mail with what our reading says it read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from itertools import pairwise

from classifiers.extract.extraction import ExtractedMessage, extract_message
from gateway.core.mime.charsets.written import is_written
from gateway.core.mime.headers import decode_value, unfold
from gateway.core.mime.parts import Visit, leaves
from tests.differential.parsers import Shown

NOT_READ = frozenset({"unreadable", "encrypted", "too_large", "incomplete", "pictured", "crashed"})
"""Words of a verdict that say that something was not read."""
MIN_LETTERS = 8

_LETTERS = re.compile(r"[A-Za-z]+")
_WORD = re.compile(r"[A-Za-z]{8,40}")
_HIDDEN = re.compile(r"<(style|script|title)\b[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
"""Browsers show nothing of a comment without an end."""
_QUOTED_TAG = re.compile(r"<[a-zA-Z/](?:[^<>\"'=]|=\s{0,3}\"[^\"]*+\"|=\s{0,3}'[^']*+'|[\"'=])*+(?:>|\Z)")
"""A tag as browsers see it: its quoted values may have signs of tags in them."""
_BREAK = re.compile(r"<(?:br|p|div|td|tr|li|h\d|table|hr|html|body|center)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*(?:>|\Z)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}")
_INNER_CHANGE = re.compile(r"[a-z][A-Z0-9]|[0-9][a-zA-Z]")
_MIN_CHANGES = 3
"""Changes between small and capital letters that few words have."""
_QUOTED_SIGN = re.compile(r"=(0[9A-D]|[2-9A-F][0-9A-F])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b[A-Za-z]{1,20}=\"[^\"\s]{0,60}\"")
"""An attribute of a tag whose beginning is missing."""
_REPEATED = re.compile(r"(.{2,4})\1{3}")
_MAX_WORD = 29
"""Letters of a word that a person reads, at most."""
_STYLE_RULES = re.compile(r"\{[^{}:]{1,60}:[^{}]*\}")
"""The rules of a style sheet that a program shows as text: properties and fonts."""
_BYTE = re.compile(r"\\x[0-9A-F]{2}")
"""How Perl prints a byte that it does not decode."""
_IN_BRACKETS = re.compile(r"\([^()]{0,200}\)")
"""What programs take for a comment in an address."""
_TARGET = re.compile(r" <[^<>\s]*>")
_FIELD_NAMES = tuple(
    "return received delivered delivery to from date subject message content mime reply references".split()
)
"""How header fields begin that a program joins to the word before a line end that it does not know."""
_EDGE = 3
"""Letters at the edges of a word that may be the rest of something encoded."""
_MARKUP = re.compile(r"<[a-zA-Z/!?][^<>]*(?:>|\Z)")
_VALUE = re.compile(r"=\s{0,3}\"([^\"]*)\"")
_STYLE_WORD = re.compile(r"[:;{}]")
_LINK = re.compile(r"\S*(?:://|@|[&?=%/]\S*[&=%/])\S*|\(#\S*")
_ENCODED = re.compile(r"^[ \t>]*(?=[^\n]*(?:\d|[a-z][A-Z]))[A-Za-z0-9+/=_-]{12,}[ \t]*\r?$", re.MULTILINE)
_STRUCTURE = re.compile(
    rb"^(?:(?:content-|mime-version|--|[ \t]+;?[ \t]*[\w*-]+=)[^\n]*|x-[\w-]{3,40}:)", re.IGNORECASE | re.MULTILINE
)
_ADDRESS_FIELD = re.compile(rb"^(?:from|to|cc|sender|reply-to)[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_BARE_CR, _CONTROLS = re.compile(rb"\r(?!\n)"), re.compile(rb"[\0-\x08\x0e-\x1f\x7f]")
_ARMOR = re.compile(r"-----(?:BEGIN|END) [A-Z ]{1,40}-----")
_JOINED = "\u2060"
"""Stands where a tag was whose neighbors some programs show without a blank between them."""
_BESIDE_CONTROL = re.compile(r"[A-Za-z]?[\0-\x08\x0e-\x1f\x7f]")
"""Where bytes begin that are no text. The letter before them may be one of them."""
_PIECES = re.compile(f"[A-Za-z{_JOINED}]{{8,80}}")
_MIN_PIECE = 4
_STOCK = frozenset(
    "multipart encapsulated undisclosed recipients compatible conformant recipient "
    "topmargin leftmargin rightmargin bottommargin marginwidth marginheight cellpadding cellspacing bordercolor "
    "generator keywords javascript vcalendar printable encoding unsubscribe "
    "greenwich standard daylight mountain coordinated universal".split()
)
"""Words of notices that mail programs write, names of attributes, which they show where a tag has no end, and names of
time zones, which are left out of a Date."""
_ADDRESS_IN_BRACKETS = re.compile(
    r"\[[^\[\]\s]{0,2000}(?:://|\.(?:gif|jpe?g|png)\b)?[^\[\]]{0,200}\.(?:gif|jpe?g|png)\]", re.IGNORECASE
)
"""Where a program that makes text of HTML has the address of a picture."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Words that a parser shows, and that our reading neither has nor calls not read."""

    parser: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OurReading:
    """Our reading of a mail: its letters without anything between them, and words that are structure or names."""

    extracted: ExtractedMessage
    letters: str
    structure: frozenset[str]
    names: str = ""


def read_by_us(content: bytes) -> OurReading:
    """Our reading of a mail."""
    extracted = extract_message(content)
    text = "\n".join(passage.text for passage in extracted.passages)
    variants = [text, _TARGET.sub("", text), _TAG.sub("", text), _with_quoted_signs(text), _IN_BRACKETS.sub("", text)]
    if "&" in text:  # character references are decoded before a passage is classified
        variants.append(unescape(_TAG.sub("", text)))
    letters = " ".join("".join(_LETTERS.findall(variant)) for variant in dict.fromkeys(variants)).lower()
    lines = _with_quoted_signs(b"\n".join(_STRUCTURE.findall(content)).decode("latin-1"))
    visits: list[Visit] = []
    for _ in leaves(content, None, visits.append):
        pass
    attached = [visit for visit in visits if visit.entity.buffer is not content]  # their names are encoded
    headers = b"\n".join([content, *(visit.entity.buffer[: visit.head.stop] for visit in attached)])
    names = "\n".join(
        decode_value(unfold(field))
        for sign in (b"\n", b" ")  # for some programs a field ends at a carriage return
        for field in _ADDRESS_FIELD.findall(_CONTROLS.sub(b"", _BARE_CR.sub(sign, headers)))
    )
    names += "\n" + names.replace('"', "")
    structure = frozenset(word.lower() for word in _WORD.findall(f"{lines}\n{names}")) | _STOCK
    return OurReading(extracted, letters, structure, names.lower())


def difference(parser: str, shown: Shown, ours: OurReading) -> Difference | None:
    """The words that only the parser has; None if there are none, or if our reading says that it is incomplete."""
    if not NOT_READ.isdisjoint(ours.extracted.failed):
        return None
    pages = list(map(_html_text, shown.html))
    texts = [*map(_without_markup, shown.text), *(page.replace(_JOINED, "") for page in pages)]
    joined = {found[0] for page in pages for found in _PIECES.finditer(page) if _JOINED in found[0]}
    apart = {token.replace(_JOINED, "").lower(): token.lower().split(_JOINED) for token in joined}
    missing = [
        word
        for word in dict.fromkeys(_words(texts))
        if len(word) <= _MAX_WORD
        and not _REPEATED.search(word)
        and word not in ours.structure
        and not any(piece in ours.letters for piece in _readings(word))
        and not any(piece in ours.names for piece in _before_field_names(word) if len(piece) >= _MIN_PIECE)
        and not any(name.endswith(word) for name in _STOCK)
        and not (
            word in apart
            and all(
                len(piece) >= _MIN_PIECE and (piece in ours.letters or piece in ours.names)
                for piece in filter(None, apart[word])
            )
        )
    ]
    return Difference(parser, tuple(missing)) if missing else None


def _readings(word: str) -> Iterable[str]:
    """A word, and a long one without a few letters at its edges."""
    yield word
    yield from _before_field_names(word)
    if len(word) >= MIN_LETTERS + 2 * _EDGE:
        yield from (word[at:] for at in range(1, _EDGE + 1))
        yield from (word[:-at] for at in range(1, _EDGE + 1))


def _before_field_names(word: str) -> Iterable[str]:
    return (word.removesuffix(name) for name in _FIELD_NAMES if word.endswith(name))


def _words(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        for line in _ENCODED.sub(" ", _ARMOR.sub(" ", text)).splitlines():
            line = _BESIDE_CONTROL.sub(" ", line)
            if is_written(line):
                yield from (word.lower() for word in _WORD.findall(_BASE64.sub(_without_encoded, _LINK.sub(" ", line))))


def _without_encoded(token: re.Match[str]) -> str:
    """Nothing for base64 that a program shows without decoding it: no person reads it, and we read what it says."""
    word = token[0]
    vowels = sum(letter in "aeiouAEIOU" for letter in word)
    changes = sum(one.isupper() != other.isupper() for one, other in pairwise(word))
    is_encoded = len(_INNER_CHANGE.findall(word)) > 1 or vowels * (4 if changes >= _MIN_CHANGES else 5) < len(word)
    return " " if is_encoded else word


def _without_markup(text: str) -> str:
    """A text without the tags of HTML source in it. Sentences in their attributes stay: a person can read them."""
    text = _STYLE_RULES.sub(" ", _ADDRESS_IN_BRACKETS.sub(" ", _with_quoted_signs(_BYTE.sub(" ", text))))
    text = _ATTRIBUTE.sub(" ", text)
    if "<" not in text:
        return text
    return _MARKUP.sub(_sentences_of_tag, _QUOTED_TAG.sub(_sentences_of_tag, _COMMENT.sub(" ", _HIDDEN.sub(" ", text))))


def _with_quoted_signs(text: str) -> str:
    """A text with quoted-printable decoded that is not declared: everybody sees it as it is, and so do we."""
    if not _QUOTED_SIGN.search(text):
        return text
    return _QUOTED_SIGN.sub(lambda sign: chr(int(sign[1], 16)), text.replace("=\r\n", "").replace("=\n", ""))


def _sentences_of_tag(tag: re.Match[str]) -> str:
    values = _VALUE.findall(tag[0])
    return " ".join(["", *(text for text in values if text.count(" ") > 3 and not _STYLE_WORD.search(text)), ""])


def _html_text(html: str) -> str:
    text = _BREAK.sub(" ", _COMMENT.sub(" ", _HIDDEN.sub(" ", _BYTE.sub(" ", html))))
    return unescape(_TAG.sub(_JOINED, _QUOTED_TAG.sub(_JOINED, text)))
