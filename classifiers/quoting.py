"""Newest text apart from what is quoted, forwarded or signed (the habits of mail programs, English and Spanish)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum


class Kind(StrEnum):
    """What a passage is to its reader."""

    SUBJECT = "subject"
    FRESH = "fresh"  # written now
    QUOTED = "quoted"  # an earlier message, below or between
    FORWARDED = "forwarded"  # somebody's message, passed along: as good as said
    SIGNATURE = "signature"
    ATTACHED = "attached"  # from a file
    HIDDEN = "hidden"  # carried by an HTML part but not shown


_WROTE = re.compile(
    r"\s*(?:On\b.{4,200}\bwrote:|El\b.{4,200}\bescribi[óo]:|.{1,80}\b(?:wrote|escribi[óo]):)\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_WROTE_BEGINS = re.compile(r"\s*(?:On|El)\b.{4,200}\Z", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"\s*[-_]{2,}\s*(?:Original Message|Mensaje original|Reply message)\s*[-_]{2,}\s*\Z", re.IGNORECASE
)
_FORWARD = re.compile(
    r"\s*(?:-{3,}\s*(?:Forwarded message|Mensaje reenviado)\s*-{3,}"
    r"|Begin forwarded message:|Inicio del mensaje reenviado:)",
    re.IGNORECASE,
)
_FROM = re.compile(r"\s*\*?(?:From|De):\*?\s+\S", re.IGNORECASE)
_FIELD = re.compile(r"\s*\*?(?:Sent|Date|To|Subject|Cc|Enviado|Fecha|Para|Asunto):\*?\s", re.IGNORECASE)
_SIGNED = re.compile(r"(?:-- ?|—|_{2,}\s*)\Z")
_DEVICE = re.compile(
    r"\s*(?:Sent from (?:my|Mail)\b.{0,40}|Enviado desde mi\b.{0,40}|Get Outlook for .{0,20})\Z", re.IGNORECASE
)
_LONGEST_SIGNATURE = 10


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
    lines, at = [], 0
    for line in text.splitlines(keepends=True):
        lines.append((at, at + len(line), line.rstrip()))
        at += len(line)
    rest: Kind | None = None
    index = 0
    while index < len(lines):
        begin, _, line = lines[index]
        if rest is None or (rest is Kind.SIGNATURE and (line.lstrip().startswith(">") or _WROTE.match(line))):
            rest, kind = _turn(lines, index)
        else:
            kind = rest
        if line.lstrip().startswith(">") and kind is Kind.FRESH:
            kind = Kind.QUOTED
        yield begin, kind
        index += 1


def _turn(lines: list[tuple[int, int, str]], index: int) -> tuple[Kind | None, Kind]:
    """What the line at `index` is, and what everything after it is when it turns the text."""
    line = lines[index][2]
    after = [each[2] for each in lines[index + 1 : index + 6]]
    if _FORWARD.match(line):
        return Kind.FORWARDED, Kind.FORWARDED
    if _ORIGINAL.match(line):
        return Kind.QUOTED, Kind.QUOTED
    if _FROM.match(line) and sum(_FIELD.match(each) is not None for each in after[:4]) >= 2:
        return Kind.QUOTED, Kind.QUOTED
    wrapped = bool(after) and _WROTE_BEGINS.match(line) is not None and _WROTE.match(f"{line} {after[0]}") is not None
    if (_WROTE.match(line) and len(line) < 240) or wrapped:
        following = next((each for each in after[wrapped:] if each.strip()), "")
        marked = following.lstrip().startswith(">")
        named = re.match(r"\s*(?:On|El)\b", line, re.IGNORECASE) is not None
        if marked:
            return None, Kind.QUOTED
        return (Kind.QUOTED, Kind.QUOTED) if named else (None, Kind.FRESH)
    if (
        _SIGNED.match(line)
        and index
        and 0 < len([each for each in lines[index + 1 :] if each[2]]) <= _LONGEST_SIGNATURE
    ):
        return Kind.SIGNATURE, Kind.SIGNATURE
    if _DEVICE.match(line):
        return None, Kind.SIGNATURE
    return None, Kind.FRESH
