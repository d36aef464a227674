"""What mail programs write before the first boundary, for readers that do not know MIME."""

from __future__ import annotations

import re

from gateway.core.mime.charsets import to_text

_WORDS = re.compile(r"[^\W\d_]+")
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
