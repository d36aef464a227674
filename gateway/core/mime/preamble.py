"""What says nothing where MIME is shown as text: structure, and what mail programs write before the first boundary."""

from __future__ import annotations

import re

from gateway.core.mime.charsets import LETTER_SIGNS, to_text

_STRUCTURE = re.compile(
    rb"^(?:content-type:[ \t]*[\w.+-]+/[\w.+-]+(?:[ \t]*;[ \t\r\n]*[\w*-]+=(?:\"[^\"\r\n]{0,90}\"|[^\s;]{0,90}))*;?"
    rb"|content-transfer-encoding:[ \t]*[\w-]{4,20}|content-disposition:[ \t]*(?:inline|attachment)"
    rb"|content-id:[ \t]*<\S{0,90}>|mime-version:[ \t]*[\d.]+|--(?=[^\r\n]*[\d=])[^\s]{12,90})[ \t]*(?:\r?\n|\Z)",
    re.IGNORECASE | re.MULTILINE,
)
"""Header lines of parts, and boundaries, that say nothing when a program shows them as text."""
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
    return _PREAMBLE_WORDS.issuperset(_WORDS.findall(to_text(text).lower()))


def without_structure(source: bytes) -> bytes:
    """A source without its lines of structure."""
    return _STRUCTURE.sub(b"", source)
