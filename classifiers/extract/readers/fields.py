"""The text of calendar entries and contacts: iCalendar, vCalendar, vCard 2.1 to 4.0 (RFC 5545, RFC 6350).

Every property and parameter is read, known or not. Libraries for these formats drop what they do not know, and stop at
lines that mail programs accept. Properties of the format itself (times, ids) are hidden text, if they hold words.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator

from classifiers.extract.readers.reading import FileContent, InnerFile
from classifiers.extract.readers.words_in_values import has_words, is_address_to_somebody
from classifiers.extract.readers.xml.values import read_data_url
from classifiers.extract.readers.xml_text import tidy
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.charsets.marks import has_letters
from gateway.core.mime.html import read_html

_BEGIN = re.compile(rb"(?:\A|\n)[ \t]{0,8}BEGIN:V(?:CALENDAR|CARD|EVENT|TODO|JOURNAL|NOTE|MSG)\b", re.IGNORECASE)
_BEGIN_WITHIN = 4_096
_FORMAT_PROPERTIES = frozenset(
    "BEGIN END VERSION PRODID CALSCALE METHOD UID DTSTAMP DTSTART DTEND DUE CREATED LAST-MODIFIED SEQUENCE STATUS "
    "TRANSP CLASS PRIORITY RRULE EXRULE EXDATE RDATE TRIGGER ACTION REPEAT DURATION TZID TZOFFSETFROM TZOFFSETTO "
    "TZURL REV GEO FREEBUSY COMPLETED PERCENT-COMPLETE RECURRENCE-ID KEY TZ KIND GENDER BDAY ANNIVERSARY CLIENTPIDMAP "
    "X-LIC-LOCATION X-WR-TIMEZONE".split()
)
_NAMES_OF_PROGRAMS = frozenset("PRODID RRULE BEGIN END".split())
"""Properties that are words in every calendar, and in which somebody may have written something else."""
_FORMAT_PARAMETERS = frozenset(
    "VALUE TYPE ENCODING CHARSET LANGUAGE PARTSTAT ROLE RSVP CUTYPE TZID FMTTYPE RELTYPE FBTYPE RANGE RELATED PREF PID "
    "MEDIATYPE INDEX LEVEL CALSCALE DERIVED SCHEDULE-AGENT SCHEDULE-STATUS SCHEDULE-FORCE-SEND".split()
)
_FILE_PROPERTIES = frozenset("ATTACH PHOTO LOGO SOUND IMAGE KEY STYLED-DESCRIPTION".split())
_NAME = re.compile(rb"((?>[^\":]+|\"[^\"]*\")*+):")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MAX_PROPERTIES = 20_000


def is_fields(data: bytes) -> bool:
    """Whether a file holds calendar entries or contacts."""
    head = data[: 2 * _BEGIN_WITHIN]
    if b"\0" in head[:64]:
        head = to_text(head).encode("utf-8", "replace")
    return _BEGIN.search(head.removeprefix(b"\xef\xbb\xbf")[:_BEGIN_WITHIN]) is not None


def read_fields(data: bytes) -> FileContent:
    """The content of a calendar or contact file."""
    content = FileContent("calendar" if b"VCARD" not in data[:_BEGIN_WITHIN].upper() else "contact")
    files: list[InnerFile] = []
    for number, line in enumerate(_lines(data)):
        if number >= _MAX_PROPERTIES:
            content.fail("too_large", "more properties than are read")
            break
        _read_line(line, content, files)
    content.text = [tidy("\n".join(content.text))]
    content.hidden = [tidy("\n".join(content.hidden))]
    content.files = files
    return content


def _lines(data: bytes) -> Iterator[bytes]:
    """The unfolded lines. A value in quoted-printable goes on after a `=` at the end of its line (vCard 2.1)."""
    if b"\0" in data[:64]:
        data = to_text(data).encode("utf-8", "replace")
    pieces: list[bytes] = []
    is_soft = is_base64 = False
    for line in data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        goes_on = line[:1] in (b" ", b"\t") or is_soft or (is_base64 and line and b":" not in line and b";" not in line)
        if goes_on and pieces:
            if is_soft:
                pieces[-1] = pieces[-1][:-1]
                pieces.append(line)
            else:
                pieces.append(line[1:] if line[:1] in (b" ", b"\t") else line)
        else:
            if pieces:
                yield b"".join(pieces)
            pieces = [line]
            head = line[:400].upper().partition(b":")[0]
            is_quoted = b"QUOTED-PRINTABLE" in head
            is_base64 = b"BASE64" in head or b"ENCODING=B" in head
        is_soft = is_quoted and line.endswith(b"=")
    if pieces:
        yield b"".join(pieces)


def _read_line(line: bytes, content: FileContent, files: list[InnerFile]) -> None:
    head, value = _split(line)
    if value is None:
        content.text.append(to_text(line))
        return
    if is_address_to_somebody(re.sub("[-_]", " ", to_text(head))):
        content.text.append(to_text(head))
    name, *parameters = _split_parameters(to_text(head))
    name = name.rpartition(".")[2].strip().upper()
    given = {key.strip().upper(): text.strip('"') for key, _, text in (item.partition("=") for item in parameters)}
    bare = {item.strip().upper() for item in parameters if "=" not in item}
    encoding = given.get("ENCODING", "").upper() or next(
        (word for word in ("QUOTED-PRINTABLE", "BASE64") if word in bare), ""
    )
    is_format = name in _FORMAT_PROPERTIES
    for key, text in given.items():
        if key not in _FORMAT_PARAMETERS and has_letters(text):
            _add_value(text, content, files)
        elif key in _FORMAT_PARAMETERS and has_words(text):
            content.hidden.append(text)
    if encoding in ("B", "BASE64"):
        kind = given.get("FMTTYPE") or given.get("MEDIATYPE") or ""
        files.append(
            InnerFile(given.get("FILENAME") or given.get("X-FILENAME") or "", _from_base64(value), kind.lower())
        )
        return
    if encoding == "QUOTED-PRINTABLE":
        value = quopri.decodestring(value)
    text = to_text(value, given.get("CHARSET", "utf-8"))
    if is_format:
        is_said = is_address_to_somebody if name in _NAMES_OF_PROGRAMS else has_words
        if is_said(text):
            content.hidden.append(_unescaped(text))
        return
    _add_value(text, content, files)


def _add_value(text: str, content: FileContent, files: list[InnerFile]) -> None:
    if text[:5].lower() == "data:" and (file := read_data_url(text)) is not None:
        files.append(file)
        return
    plain = _unescaped(text)
    if "<" in plain and ("</" in plain or "/>" in plain):
        page = read_html(plain)
        content.text.append(page.shown)
        content.hidden.append(page.hidden)
        files.extend(InnerFile("", file.data, file.media_type) for file in page.embedded)
        content.fail_page(page.gaps)
    else:
        content.text.append(plain)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda escape: "\n" if escape[1] in "nN" else escape[1], text)


def _split(line: bytes) -> tuple[bytes, bytes | None]:
    """A line before and after its colon; one in quotes does not count. None: there is no colon."""
    if (found := _NAME.match(line)) is not None:
        return found[1], line[found.end() :]
    head, colon_byte, value = line.partition(b":")  # a quote that is never closed
    return head, value if colon_byte else None


def _split_parameters(head: str) -> list[str]:
    """The name and parameters of a property; a semicolon in quotes does not count."""
    pieces = head.split('"')
    marked = "".join(piece.replace(";", "\0") if at % 2 == 0 else piece for at, piece in enumerate(pieces))
    return marked.split("\0")


def _from_base64(value: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", value)
    try:
        return binascii.a2b_base64(letters[: len(letters) - (len(letters) % 4 == 1)] + b"==")
    except ValueError:
        return value
