"""Newest text apart from what is quoted, forwarded or signed (the habits of mail programs, English and Spanish)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum


class Kind(StrEnum):
    """What a passage is to its reader."""

    SUBJECT = "subject"
    FRESH = "fresh"  # written now
    CLAIMED = "claimed"  # said to be an earlier message, but not believed
    QUOTED = "quoted"  # an earlier message, below or between
    FORWARDED = "forwarded"  # somebody's message, passed along: as good as said
    SIGNATURE = "signature"
    ATTACHED = "attached"  # from a file
    HIDDEN = "hidden"  # carried by an HTML part but not shown
    EARLIER = "earlier"  # what the conversation said before a short answer
    ANSWERED = "answered"  # the same with the answer


_NAMED = r"(?:On|El|En)\b"
_WROTE = re.compile(
    rf"\s*(?:{_NAMED}.{{4,200}}\b(?:wrote|escribi[óo]):|.{{1,80}}\b(?:wrote|escribi[óo]):"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d .{0,120}<\S+@\S+>:)\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_WROTE_BEGINS = re.compile(rf"\s*{_NAMED}.{{4,200}}\Z", re.IGNORECASE)
_SURE = re.compile(rf"\s*(?:{_NAMED}|\d{{4}}-)", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"\s*[-_]{2,}\s*(?:Original Message|Mensaje original|Reply message|Mensaje de respuesta)\s*[-_]{2,}\s*\Z",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"\s*(?:-{3,}\s*(?:Forwarded message|Mensaje reenviado|Forwarded by\b.{0,80})\s*-{3,}"
    r"|Begin forwarded message:|Inicio del mensaje reenviado:)",
    re.IGNORECASE,
)
_FROM = re.compile(r"\s*\*?(?:From|De):\*?\s+\S", re.IGNORECASE)
_FIELD = re.compile(
    r"\s*\*?(?:Sent|Date|To|Subject|Cc|Reply-To|Enviado|Enviado el|Fecha|Para|Asunto|Responder a):\*?(?:\s|\Z)",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"(?:-- ?|—|_{2,}\s*)\Z")
_RULED = re.compile(r"_{5,}\Z")
"""The line that Outlook draws above the message that it answers."""
_DEVICE = re.compile(
    r"\s*(?:Sent (?:from|via) (?:my|Mail|Yahoo|Outlook|Gmail|the|AOL|Proton)\b.{0,40}"
    r"|Enviado desde (?:mi|el|Outlook|Yahoo|Gmail)\b.{0,40}|(?:Get|Obtener|Obtén) Outlook (?:for|para) .{0,20})\Z",
    re.IGNORECASE,
)
_LONGEST_SIGNATURE = 10
_WRAPPED = 2
"""Lines on which an attribution may go on after its first one: mail programs break them."""

Line = tuple[int, int, str]


def passages(text: str) -> Iterator[tuple[int, int, Kind]]:
    """The text cut into (start, end, kind) in order; blank stretches are left out."""
    start, kind = 0, Kind.FRESH
    for begin, each in _lines(text):
        if each is not kind:
            yield from _trimmed(text, start, begin, kind)
            start, kind = begin, each
    yield from _trimmed(text, start, len(text), kind)


def _trimmed(text: str, start: int, end: int, kind: Kind) -> Iterator[tuple[int, int, Kind]]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip()), kind


def _lines(text: str) -> Iterator[tuple[int, Kind]]:
    lines: list[Line] = []
    at = 0
    for line in text.splitlines(keepends=True):
        lines.append((at, at + len(line), line.rstrip()))
        at += len(line)
    rest: Kind | None = None
    said = False  # whether something was written before the line at hand
    goes_on = 0  # lines that an attribution still has
    for index, (begin, _, line) in enumerate(lines):
        if goes_on:
            goes_on, kind = goes_on - 1, Kind.QUOTED
        elif rest is None or (rest is Kind.SIGNATURE and _earlier(lines, index, said) is not None):
            rest, kind, goes_on = _turn(lines, index, said)
        else:
            kind = rest
        if line.lstrip().startswith(">") and kind is Kind.FRESH:
            kind = Kind.QUOTED
        said = said or (kind is Kind.FRESH and bool(line.strip()))
        yield begin, kind


def _turn(lines: list[Line], index: int, said: bool) -> tuple[Kind | None, Kind, int]:
    """What the line at `index` turns the text into (None: nothing), what it is itself, and how many more lines are."""
    earlier = _earlier(lines, index, said)
    if earlier is not None:
        return earlier
    line = lines[index][2]
    if index and _SIGNED.match(line) and 0 < _until_earlier(lines, index + 1, said) <= _LONGEST_SIGNATURE:
        return Kind.SIGNATURE, Kind.SIGNATURE, 0
    if _DEVICE.match(line):
        return None, Kind.SIGNATURE, 0
    return None, Kind.FRESH, 0


def _earlier(lines: list[Line], index: int, said: bool) -> tuple[Kind | None, Kind, int] | None:
    """The same where an earlier message begins at this line; a block of fields with nothing said above is a forward."""
    line = lines[index][2]
    after = [each[2] for each in lines[index + 1 : index + 7]]
    if _RULED.match(line) and after:
        index, line, after = index + 1, after[0], after[1:]
    if line.lstrip().startswith(">"):
        return None, Kind.QUOTED, 0
    if _FORWARD.match(line):
        return Kind.FORWARDED, Kind.FORWARDED, 0
    if _ORIGINAL.match(line):
        return Kind.QUOTED, Kind.QUOTED, 0
    if _FROM.match(line) and sum(_FIELD.match(each) is not None for each in after[:5]) >= 2:
        kind = Kind.QUOTED if said else Kind.FORWARDED
        return kind, kind, 0
    lasts = _attribution(line, after)
    if lasts is None:
        return None
    following = next((each for each in after[lasts:] if each.strip()), "")
    if following.lstrip().startswith(">"):
        return None, Kind.QUOTED, lasts
    return (Kind.QUOTED, Kind.QUOTED, lasts) if _SURE.match(line) else None


def _attribution(line: str, after: list[str]) -> int | None:
    """Over how many further lines an attribution goes, None where this line begins none."""
    if len(line) < 240 and _WROTE.match(line):
        return 0
    if not _WROTE_BEGINS.match(line):
        return None
    for further in range(1, min(_WRAPPED, len(after)) + 1):
        whole = " ".join((line, *after[:further]))
        if len(whole) > 300 or not after[further - 1].strip():
            return None
        if _WROTE.match(whole):
            return further
    return None


def _until_earlier(lines: list[Line], index: int, said: bool) -> int:
    """Lines with text from here to where an earlier message begins, as far as they matter."""
    count = 0
    for at in range(index, len(lines)):
        if count > _LONGEST_SIGNATURE or _earlier(lines, at, said) is not None:
            break
        count += bool(lines[at][2])
    return count
