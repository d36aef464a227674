"""The fields that give an entity its structure: type, charset, boundary, encoding, file name (RFC 2045, RFC 2183).

Well-formed fields are read by a pattern. The standard library reads the others, which takes much longer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message as MimeHeader
from itertools import pairwise

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.headers import unfold
from gateway.core.mime.transfer import ENCODINGS

MULTIPART = "multipart/"

_MAX_VALUE = 16_384  # bytes of a field that are parsed; the standard library takes quadratic time for parameters
_TOKEN = re.compile(r"[\w-]+")
_COMMENT = re.compile(r"\([^()]*\)")
_MEDIA_TYPE = re.compile(r"[!-.0-~]+/[!-.0-~]+")
_PARAMETER = r";[ \t]*+([A-Za-z-]{1,30}+)=(?:\"([^\"\\]*+)\"|([\w.+/-]++))[ \t]*+"
_PARAMETERS = re.compile(_PARAMETER, re.ASCII)
_REGULAR = re.compile(rf"([A-Za-z][\w.+-]*+(?:/[A-Za-z0-9][\w.+-]*+)?)[ \t]*+((?:{_PARAMETER})*+);?[ \t]*+", re.ASCII)
_PARSE_ERRORS = (ValueError, LookupError, TypeError, AttributeError, AssertionError)

_JOINS = re.compile(r"\bdelsp[ \t]*+(?:\*\d*+\*?[ \t]*+)?=[^;\r\n]{0,30}?\byes\b", re.IGNORECASE)
_QUOTE = re.compile(r"(?:>[ \t]?)*")
_MIN_INSIDE = 2
"""Line ends inside of words in a paragraph that is joined. Elsewhere a line end and a blank look alike."""


@dataclass(frozen=True, slots=True)
class Structure:
    """The structure fields of an entity, parsed. Texts are empty if they are not declared.

    `is_attached`: declared as a file, or the declaration cannot be parsed. `is_conflicting`: a field occurs twice with
    different values, and readers differ in which one they use. `joins_lines`: blanks at line ends are no part of it.
    """

    media_type: str
    encoding: str = ""
    charset: str = ""
    boundary: str = ""
    filename: str = ""
    is_attached: bool = False
    is_conflicting: bool = False
    joins_lines: bool = False

    @property
    def is_ambiguous(self) -> bool:
        """Whether fields contradict each other or the encoding is unknown."""
        return self.is_conflicting or self.encoding not in ENCODINGS


def read_structure(wanted: Sequence[tuple[str, bytes]], default: str) -> Structure:
    """The structure fields parsed; of fields that occur twice, the first one. `default`: the type if none is given."""
    values: dict[str, str] = {}
    for name, raw in wanted:
        if name not in values:
            values[name] = to_text(unfold(raw)[:_MAX_VALUE])
    is_conflicting = len(wanted) > len(values) and len({(name, unfold(raw).lower()) for name, raw in wanted}) > len(
        values
    )
    encoding = encoding_in(values.get("content-transfer-encoding", ""))
    kind = _parsed(values.get("content-type", ""))
    disposition = _parsed(values.get("content-disposition", ""))
    if kind is None or disposition is None or ("content-type" in values and "/" not in kind[0]):
        return _with_standard_library(values, default, encoding, is_conflicting)
    names = kind[1]
    return Structure(
        kind[0] or default, encoding, names.get("charset", "").lower(), names.get("boundary", "").rstrip(),
        (disposition[1].get("filename") or names.get("name", "")).strip(), disposition[0] == "attachment",
        is_conflicting, joins_lines(values.get("content-type", "")),
    )  # fmt: skip


def _parsed(value: str) -> tuple[str, dict[str, str]] | None:
    """The first token in lower case and the parameters of a well-formed value; None for any other."""
    if not value:
        return "", {}
    found = _REGULAR.fullmatch(value)
    if found is None:
        return None
    parameters: dict[str, str] = {}
    for name, quoted, plain in _PARAMETERS.findall(found[2]):
        if parameters.setdefault(name.lower(), quoted or plain) != (quoted or plain):
            return None
    return found[1].lower(), parameters


def _with_standard_library(values: dict[str, str], default: str, encoding: str, is_conflicting: bool) -> Structure:
    header = MimeHeader()
    header.set_default_type(default)
    for name, value in values.items():
        header[name] = value
    if not _MEDIA_TYPE.fullmatch(header.get_content_type()):
        header.replace_header("content-type", "text/plain")
    try:
        charset: str | None = header.get_content_charset("")
    except _PARSE_ERRORS:
        charset = "utf-8"
    try:
        is_attached = header.get_content_disposition() == "attachment"
    except _PARSE_ERRORS:
        is_attached = True
    return Structure(
        header.get_content_type(), encoding, charset or "", _parameter(header, "boundary"),
        _parameter(header, "filename"), is_attached, is_conflicting, joins_lines(values.get("content-type", "")),
    )  # fmt: skip


def _parameter(header: MimeHeader, name: str) -> str:
    """The boundary or the file name; "" if there is none or it cannot be parsed."""
    try:
        value = header.get_boundary("") if name == "boundary" else header.get_filename("")
        return str(value)
    except _PARSE_ERRORS:
        return ""


def encoding_in(value: str) -> str:
    """The encoding that a value of Content-Transfer-Encoding names, without comments and quotes."""
    found = _TOKEN.search(_COMMENT.sub(" ", value) if "(" in value else value)
    return found[0].lower() if found else ""


def joins_lines(content_type: str) -> bool:
    """Whether a Content-Type says that blanks at the ends of lines are no part of the text (RFC 3676, `delsp=yes`)."""
    return "delsp" in content_type.lower() and _JOINS.search(content_type) is not None


def join_lines(text: str) -> str:
    """A text with its paragraphs joined whose lines end inside of words, as programs that know `delsp` show it."""
    out: list[str] = []
    paragraph: list[str] = []
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        paragraph.append(line)
        if not bare.endswith(" ") or bare == "-- " or not bare.strip():  # a fixed line ends a paragraph
            out.append(_joined(paragraph))
            paragraph = []
    return "".join((*out, _joined(paragraph)))


def _joined(lines: list[str]) -> str:
    bare = [
        _QUOTE.sub("", line.rstrip("\r\n"), count=1) if line.startswith(">") else line.rstrip("\r\n") for line in lines
    ]
    inside = sum(
        len(line) > 1 and line[-2].isalpha() and line[-1] == " " and after[:1].isalpha()
        for line, after in pairwise(bare)
    )  # fmt: skip
    if inside < _MIN_INSIDE:
        return "".join(lines)
    end = lines[-1][len(lines[-1].rstrip("\r\n")) :]
    quote = _QUOTE.match(lines[0])
    return (quote[0] if quote else "") + "".join(line.removesuffix(" ") for line in bare) + end
