"""Signatures: the names that a text gives its author, at its end or where it begins ("this is coach Brannigan")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gateway.core.mime.excerpt import READABLE, new_text
from gateway.core.mime.parts import Part

MAX_NAMES = 60
"""Names of one text, at most."""
_MAX_TEXT = 20_000
_LAST_LINES = 4
_MAX_LINE, _MAX_WORDS = 120, 4
_INTRODUCTION = re.compile(
    r"\b(?:this\s+is|it['’]?s|i['’]?m|i\s+am|soy|habla|(?:le|te)\s+(?:habla|escribe))\s+"
    r"(?:(?:the|your|la|el|tu|su)\s+)?((?:[\w.'’-]+[ \t]+){0,3}[\w.'’-]+)"
    r"|(?:^|[,.!?])[ \t]*((?:[\w.'’-]+[ \t]+){1,3})(?:here|aqu[ií])\b",
    re.IGNORECASE | re.MULTILINE,
)
_BEGINNING = 200
_ENDS = re.compile(r"(?:[.!?…,;:)]|^[-–—~]+)$")
_TITLE = re.compile(r"(?:mr|mrs|ms|mx|dr|prof|sr|sra|srta|st)\.", re.IGNORECASE)
_DIVIDERS = re.compile(r"[|•·–—,]|(?<=\s)-(?=\s)")
_AROUND = ' \t*_~-–—.!,)("“”'


def signed_names(parts: Iterable[Part]) -> tuple[str, ...]:
    """What may be the author's name by the first readable part, in words as written.

    Only whole lines and the ends of lines are names, so most of them are none: a directory knows which.
    """
    for part in parts:
        if part.media_type in READABLE and not part.attached and part.text.strip():
            return tuple(dict.fromkeys(_names(part.text[-_MAX_TEXT:])))[:MAX_NAMES]
    return ()


def _names(text: str) -> Iterator[str]:
    lines = [line for line in new_text(text, signature=True).split("\n") if line.strip()]
    for line in lines[-_LAST_LINES:]:
        if len(line) <= _MAX_LINE:
            yield from (name for piece in _DIVIDERS.split(line) if (name := piece.strip().strip(_AROUND)))
        yield from _end_of_line(line[-_MAX_LINE:])
    for match in _INTRODUCTION.finditer("\n".join(lines)[:_BEGINNING]):
        words = (match[1] or match[2]).split()
        for count in range(1, len(words) + 1):
            yield " ".join(words[:count] if match[1] else words[-count:]).strip(_AROUND)


def _end_of_line(line: str) -> Iterator[str]:
    """The last words of a line that stand by themselves: what is before them ends with a mark."""
    words = line.split()
    for count in range(1, min(_MAX_WORDS, len(words)) + 1):
        before = words[-count - 1] if count < len(words) else "."
        if _ENDS.search(before) and not _TITLE.fullmatch(before):
            yield " ".join(words[-count:]).strip(_AROUND)
