"""Separates new text from quotes, forwards and signatures, as English and Spanish mail programs write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from gateway.core.channels.text_routing import NAMES_MARK, READING_MARK


class PassageKind(StrEnum):
    """What a passage is to its reader."""

    SUBJECT = "subject"
    NEW = "fresh"  # written in this message
    UNVERIFIED = "claimed"  # claims to be an earlier message, without evidence
    QUOTED = "quoted"  # an earlier message, below or between the new text
    FORWARDED = "forwarded"  # a message passed along: counts as new text
    SIGNATURE = "signature"
    ATTACHED = "attached"  # in an attached file
    HIDDEN = "hidden"  # in an HTML part, but not shown
    OTHER = "other"  # what only some mail programs show: other readings of the content, words of header fields
    CONTEXT = "earlier"  # earlier messages of the conversation, before a short reply
    REPLY_WITH_CONTEXT = "answered"  # the same, with the reply


_ON_DATE = r"(?:On|El|En)\b"
_WROTE = re.compile(
    rf"\s*(?:{_ON_DATE}.{{4,200}}\b(?:wrote|escribi[óo]):|.{{1,80}}\b(?:wrote|escribi[óo]):"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d .{0,120}<\S+@\S+>:)\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_WROTE_BEGINS = re.compile(rf"\s*{_ON_DATE}.{{4,200}}\Z", re.IGNORECASE)
_DATED = re.compile(rf"\s*(?:{_ON_DATE}|\d{{4}}-)", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"\s*[-_]{2,}\s*(?:Original Message|Mensaje original|Reply message|Mensaje de respuesta)\s*[-_]{2,}\s*\Z",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"\s*(?:-{3,}\s*(?:Forwarded message|Mensaje reenviado|Forwarded by\b.{0,80})\s*-{3,}"
    r"|Begin forwarded message:|Inicio del mensaje reenviado:)",
    re.IGNORECASE,
)
_FROM_FIELD = re.compile(r"\s*\*?(?:From|De):\*?\s+\S", re.IGNORECASE)
_OTHER_FIELD = re.compile(
    r"\s*\*?(?:Sent|Date|To|Subject|Cc|Reply-To|Enviado|Enviado el|Fecha|Para|Asunto|Responder a):\*?(?:\s|\Z)",
    re.IGNORECASE,
)
_SIGNATURE_MARK = re.compile(r"(?:-- ?|—|_{2,}\s*)\Z")
_OUTLOOK_RULE = re.compile(r"_{5,}\Z")
"""The line that Outlook draws above a quoted message."""
_DEVICE_SIGNATURE = re.compile(
    r"\s*(?:Sent (?:from|via) (?:my|Mail|Yahoo|Outlook|Gmail|the|AOL|Proton)\b.{0,40}"
    r"|Enviado desde (?:mi|el|Outlook|Yahoo|Gmail)\b.{0,40}|(?:Get|Obtener|Obtén) Outlook (?:for|para) .{0,20})\Z",
    re.IGNORECASE,
)
_MAY_BEGIN = re.compile(
    r"\s*+(?:[>\-_—*]|(?:from|de):|begin |inicio |(?:on|el|en)\b|[0-9]{4}-|sent |enviado |get |obt)", re.IGNORECASE
)
"""How lines begin that may begin an earlier message or a signature."""
_MAX_SIGNATURE_LINES = 10
_MAX_WRAPPED_LINES = 2
"""Lines after its first one that an attribution may span, because mail programs wrap them."""

_Line = tuple[int, int, str]


def split_passages(text: str) -> Iterator[tuple[int, int, PassageKind]]:
    """The text as (start, end, kind) in order. Blank passages are left out."""
    start, kind = 0, PassageKind.NEW
    for begin, each in _line_kinds(text):
        if each is not kind:
            yield from _trimmed(text, start, begin, kind)
            start, kind = begin, each
    yield from _trimmed(text, start, len(text), kind)


def split_readings(text: str) -> Iterator[tuple[int, int, PassageKind]]:
    """The readings of a text message, in the form of `split_passages`. The names of its sender are like a quote."""
    names = text.rfind(NAMES_MARK) if NAMES_MARK in text else len(text)
    start, kind = 0, PassageKind.NEW
    while start < names:
        end = text.find(READING_MARK, start, names)
        end = names if end < 0 else end
        for found in _trimmed(text, start, end, kind):
            yield found
            kind = PassageKind.OTHER
        start = end + len(READING_MARK)
    yield from _trimmed(text, names + len(NAMES_MARK), len(text), PassageKind.QUOTED)


def _trimmed(text: str, start: int, end: int, kind: PassageKind) -> Iterator[tuple[int, int, PassageKind]]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip()), kind


def _line_kinds(text: str) -> Iterator[tuple[int, PassageKind]]:
    lines: list[_Line] = []
    at = 0
    for line in text.splitlines(keepends=True):
        lines.append((at, at + len(line), line.rstrip()))
        at += len(line)
    rest: PassageKind | None = None
    has_text = False  # whether any new text came before this line
    attribution_lines = 0  # remaining lines of a wrapped attribution
    for index, (begin, _, line) in enumerate(lines):
        if attribution_lines:
            attribution_lines, kind = attribution_lines - 1, PassageKind.QUOTED
        elif rest is None or (rest is PassageKind.SIGNATURE and _earlier_message(lines, index, has_text) is not None):
            rest, kind, attribution_lines = _kind_of_line(lines, index, has_text)
        else:
            kind = rest
        if line.lstrip().startswith(">") and kind is PassageKind.NEW:
            kind = PassageKind.QUOTED
        has_text = has_text or (kind is PassageKind.NEW and bool(line.strip()))
        yield begin, kind


def _is_ordinary(line: str) -> bool:
    """Whether a line can begin nothing: most lines do not need a closer look."""
    return _MAY_BEGIN.match(line) is None and "wrote:" not in line.lower() and "escribi" not in line.lower()


def _kind_of_line(lines: list[_Line], index: int, has_text: bool) -> tuple[PassageKind | None, PassageKind, int]:
    """The kind of the text from the line at `index` on (None: unchanged), of the line itself, and its wrapped lines."""
    if _is_ordinary(lines[index][2]):
        return None, PassageKind.NEW, 0
    earlier = _earlier_message(lines, index, has_text)
    if earlier is not None:
        return earlier
    line = lines[index][2]
    if (
        index
        and _SIGNATURE_MARK.match(line)
        and 0 < _lines_until_earlier_message(lines, index + 1, has_text) <= _MAX_SIGNATURE_LINES
    ):
        return PassageKind.SIGNATURE, PassageKind.SIGNATURE, 0
    if _DEVICE_SIGNATURE.match(line):
        return None, PassageKind.SIGNATURE, 0
    return None, PassageKind.NEW, 0


def _earlier_message(
    lines: list[_Line], index: int, has_text: bool
) -> tuple[PassageKind | None, PassageKind, int] | None:
    """The same if an earlier message begins at this line. A header block with no new text above it is a forward."""
    line = lines[index][2]
    if _is_ordinary(line):
        return None
    after = [text for _, _, text in lines[index + 1 : index + 7]]
    if _OUTLOOK_RULE.match(line) and after:
        index, line, after = index + 1, after[0], after[1:]
    if line.lstrip().startswith(">"):
        return None, PassageKind.QUOTED, 0
    if _FORWARD.match(line):
        return PassageKind.FORWARDED, PassageKind.FORWARDED, 0
    if _ORIGINAL.match(line):
        return PassageKind.QUOTED, PassageKind.QUOTED, 0
    if _FROM_FIELD.match(line) and sum(_OTHER_FIELD.match(field) is not None for field in after[:5]) >= 2:
        kind = PassageKind.QUOTED if has_text else PassageKind.FORWARDED
        return kind, kind, 0
    further_lines = _attribution(line, after)
    if further_lines is None:
        return None
    following = next((text for text in after[further_lines:] if text.strip()), "")
    if following.lstrip().startswith(">"):
        return None, PassageKind.QUOTED, further_lines
    return (PassageKind.QUOTED, PassageKind.QUOTED, further_lines) if _DATED.match(line) else None


def _attribution(line: str, after: list[str]) -> int | None:
    """The number of further lines of an attribution; None if this line begins none."""
    if len(line) < 240 and _WROTE.match(line):
        return 0
    if not _WROTE_BEGINS.match(line):
        return None
    for further in range(1, min(_MAX_WRAPPED_LINES, len(after)) + 1):
        joined = " ".join((line, *after[:further]))
        if len(joined) > 300 or not after[further - 1].strip():
            return None
        if _WROTE.match(joined):
            return further
    return None


def _lines_until_earlier_message(lines: list[_Line], index: int, has_text: bool) -> int:
    """The number of lines with text up to the next earlier message, counted only as far as needed."""
    count = 0
    for at in range(index, len(lines)):
        if count > _MAX_SIGNATURE_LINES or _earlier_message(lines, at, has_text) is not None:
            break
        count += bool(lines[at][2])
    return count
