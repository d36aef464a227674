"""The values that programs may read in the header of a malformed entity: types, boundaries, encodings, its end.

Each function returns every plausible value; for a well-formed header there is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.entities import Entity, EntityHeader, read_header
from gateway.core.mime.headers import split_fields, unfold
from gateway.core.mime.structure import encoding_in
from gateway.core.mime.transfer import IDENTITY

_MAX_CHOICES = 6

REGULAR_HEADER = re.compile(
    rb"(?:>?From [^\r\n]*+\r?\n)?(?:[!-9;-~]++:[^\r\n\0]*+(?:\r?\n|\Z)(?:[ \t]++[^\s\0][^\r\n\0]*+(?:\r?\n|\Z))*+)*+"
)
"""A header section that all programs divide into the same fields (RFC 5322 section 2.2)."""
_FIELD_LINE = re.compile(rb"[!-9;-~]+:")
_LOOSE_FIELD_LINE = re.compile(rb"[!-9;-~]+[ \t]*:")
_FROM_LINE = re.compile(rb">?From [^\n]*\n")
_BLANK_LINES = re.compile(rb"(?:[ \t]*\r?\n)+")
_MARK = rb"(?:\xef\xbb\xbf|\xff\xfe|(?:\0\0)?\xfe\xff)"
_BYTE_ORDER_MARK = re.compile(rb"\A" + _MARK + rb"\s*+|^" + _MARK + rb"(?=[!-9;-~]{1,40}:)", re.MULTILINE)
"""A mark of the byte order before a message or a field."""
_LINE_END = re.compile(rb"\n\r(?!\n)|\r{0,9}\n")
"""A line end as programs see it that pass over carriage returns."""
_REGULAR_TYPE = re.compile(
    r"[\w!#$&+.^-]+/[\w!#$&+.^-]+[ \t]*+"
    r"(?:;[ \t]*+[\w!#$&+.^`{|}~%*'-]+=(?:\"[^\"\\]*\"|[^\s\";()<>@,:\\\[\]?]+)[ \t]*+)*;?[ \t]*+"
)
_SENSITIVE = re.compile(r"(boundary|charset)\s*+(\*\d*\*?)?+\s*+=", re.IGNORECASE)
_BOUNDARY = re.compile(
    r"boundary[ \t]*+(?P<star>\*\d*\*?)?[ \t]*+=[ \t]*"
    r"(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"?|(?=(?P<plain>[^\r\n]{0,300})))",
    re.IGNORECASE,
)
"""A plain boundary may have another parameter behind it, which is found as well."""
_PLAIN_BOUNDARY = re.compile(r"[^\s\"\\](?:[^\"\\]{0,68}[^\s\"\\])?")
_BLANK_AT_END = re.compile(r"boundary=\"[^\"]*[ \t]\"", re.IGNORECASE)
_CHARSET = re.compile(
    r"charset[ \t]*+(?:\*\d*\*?)?[ \t]*+=[ \t]*[\"']*(?:[\w-]*'[\w-]*')?([\w.:+-]{1,40})", re.IGNORECASE
)
_TYPE = re.compile(r"(?<![\w!#$&+.^-])([\w!#$&+.^-]++)[ \t]*+/[ \t]*+([\w!#$&+.^-]++)")


def other_sources(source: bytes) -> Iterator[bytes]:
    """A message as programs see it that pass over a mark of the byte order, or over carriage returns."""
    if not source.isascii() and _BYTE_ORDER_MARK.search(source):
        yield _BYTE_ORDER_MARK.sub(b"", source)
    if source.count(b"\r") != source.count(b"\r\n"):
        plain = _LINE_END.sub(b"\r\n", source)
        if plain != source:
            yield plain


def other_headers(entity: Entity, head: EntityHeader) -> Iterator[tuple[list[tuple[str, bytes]], int]]:
    """The structure fields and the start of the body as other programs see them."""
    buffer, start, end = entity.buffer, entity.start, entity.end
    ends: list[int] = []
    at = start
    from_line = _FROM_LINE.match(buffer, at, end)
    at = from_line.end() if from_line else at
    first = at
    no_fields_yet = True
    while at < head.stop and len(ends) < 3:
        line_end = buffer.find(b"\n", at, end) + 1 or end
        line = buffer[at:line_end]
        continues = line[:1] in (b" ", b"\t") and not no_fields_yet
        if not line.strip():
            ends.append(line_end)
        elif not _FIELD_LINE.match(line) and not continues:
            ends.append(at)
        no_fields_yet = False
        at = line_end
    if head.stop >= end and head.begin >= end and start < end and not ends:
        ends.append(start)  # no empty line: all of it may be text
    for begin in ends:
        yield _structure_fields(buffer[first:begin]), begin
    blank = _BLANK_LINES.match(buffer, start, end)
    if blank and _LOOSE_FIELD_LINE.match(buffer, blank.end(), end):  # blank lines before the header
        later = read_header(Entity(buffer, blank.end(), end))
        yield list(later.structure), later.begin


def _structure_fields(section: bytes) -> list[tuple[str, bytes]]:
    return [(name, raw) for name, raw in split_fields(section) if name.startswith("content-")]


def field_values(fields: Iterable[tuple[str, bytes]], name: str) -> list[str]:
    return list(dict.fromkeys(to_text(unfold(raw)[:16_384]) for found, raw in fields if found == name))[:_MAX_CHOICES]


def declared_encodings(fields: Iterable[tuple[str, bytes]]) -> list[str]:
    found: list[str] = []
    for value in field_values(fields, "content-transfer-encoding"):
        found.append(encoding_in(value))
        found += [word for word in re.findall(r"[\w-]+", value.lower()) if word in ("base64", "quoted-printable")]
        if value.strip().lower() != found[-1] and IDENTITY.isdisjoint(found):
            found.append("")  # programs that know no comments or quotes there do not decode
    return list(dict.fromkeys(found))[:_MAX_CHOICES] or [""]


def is_regular_type(value: str) -> bool:
    """Whether all programs read the same type, boundary and charset in a Content-Type."""
    if not _REGULAR_TYPE.fullmatch(value):
        return False
    sensitive = _SENSITIVE.findall(value)
    return all(not star for _, star in sensitive) and len(sensitive) == len({name.lower() for name, _ in sensitive})


def media_types_in(value: str, default: str) -> list[str]:
    lowered = value.lower().strip()
    found = [f"{type_}/{subtype}" for type_, subtype in _TYPE.findall(lowered[:200])[:2]]
    if lowered.startswith("multipart") or _BOUNDARY.search(value):
        found.append("multipart/mixed")
    return found or [default, "text/plain"]


def boundaries_in(value: str) -> list[str]:
    """Every boundary that a program may read in a Content-Type."""
    found: list[str] = []
    pieces: list[str] = []
    for match in _BOUNDARY.finditer(value):
        if match["quoted"] is not None:
            text = match["quoted"]
            found += [re.sub(r"\\(.)", r"\1", text), text, text.split('"')[0].strip(), text.strip()]
        else:
            text = match["plain"]
            found += [
                text.split(";")[0].strip(),
                re.split(r"[\s;,\"]", text)[0],
                text.strip().rstrip(";"),
                text.strip("\"'"),
            ]
            text = text.split(";")[0].strip()
        if match["star"]:
            plain = re.sub(r"%([0-9a-fA-F]{2})", lambda code: chr(int(code[1], 16)), text)
            found += [plain, plain.rpartition("'")[2]]
            pieces.append(plain.rpartition("'")[2] if not pieces else plain)
            found.append("".join(pieces))
    return [name for name in dict.fromkeys(found) if name and len(name) < 300]


def is_plain_boundary(boundary: str, types: Iterable[str]) -> bool:
    """Whether a boundary that some types declare has no blank at an end, quote or backslash that some drop."""
    return _PLAIN_BOUNDARY.fullmatch(boundary) is not None and not any(map(_BLANK_AT_END.search, types))


def charsets_in(value: str) -> list[str]:
    """Every charset that a program may read in a Content-Type."""
    return [str(name) for name in _CHARSET.findall(value)]
