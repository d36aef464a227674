"""Fonts and films: files without text whose structure is verified, and fonts whose letters are looked at."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from classifiers.extract.readers.fonts.shown_letters import why_not_as_said
from classifiers.extract.readers.fonts.tables import bare_font, is_embedded_opentype
from classifiers.extract.readers.pictures import boxes_end
from classifiers.extract.readers.reading import DISPUTED, PICTURED, UNREADABLE, FileContent, InnerFile
from classifiers.extract.readers.records import keep_sentences
from classifiers.extract.readers.text_runs import text_runs

_FONT_TABLES = frozenset(
    b"cmap head hhea hmtx maxp name OS/2 post cvt fpgm glyf loca prep CFF CFF2 VORG EBDT EBLC EBSC BASE GDEF GPOS "
    b"GSUB JSTF DSIG gasp hdmx kern LTSH PCLT VDMX vhea vmtx COLR CPAL SVG  fvar avar gvar HVAR MVAR STAT FFTM".split()
)
_MIN_KNOWN_TABLES = 4
_MAX_TABLES = 64
_MAX_NAMES = 200
_MAX_FONT = 4_000_000
"""Bytes of a font in which texts between its tables are looked for."""


def read_font(data: bytes, deadline: float) -> FileContent:
    """A font: its directory must name known tables that lie inside the file, up to its end, and its letters be true."""
    if is_embedded_opentype(data):
        bare = bare_font(data)
        content = read_font(bare, deadline) if bare else FileContent("font")
        content.hidden += keep_sentences(text_runs(data[: len(data) - len(bare)]).split("\n"))
        if not bare:  # other programs show the text in a font of their own
            content.fail(DISPUTED, "a compressed font that only PowerPoint unpacks")
        return content
    content = FileContent("font")
    end = _wrapped_font_end(data) if data[:4] in (b"wOFF", b"wOF2") else _font_end(data)
    content.hidden = keep_sentences((*_font_names(data), *text_runs(data[:_MAX_FONT]).split("\n")))
    if not end:
        content.fail(UNREADABLE, "a font that cannot be read")
    elif data[end:].strip(b"\0"):
        content.files = [InnerFile("", data[end:])]
    if end and (reason := why_not_as_said(data[:end], deadline)):
        content.fail(UNREADABLE, reason)
    return content


def _font_end(data: bytes) -> int:
    if len(data) < 12:
        return 0
    (count,) = struct.unpack_from(">H", data, 4)
    if not 0 < count <= _MAX_TABLES or 12 + 16 * count > len(data):
        return 0
    known = end = 0
    for number in range(count):
        tag, _, offset, length = struct.unpack_from(">4sIII", data, 12 + 16 * number)
        if offset + length > len(data):
            return 0
        known += tag.strip() in _FONT_TABLES
        end = max(end, offset + length)
    return end if known >= _MIN_KNOWN_TABLES else 0


def _font_names(data: bytes) -> Iterator[str]:
    """The names and sample texts of a font, which programs for fonts show."""
    at = data.find(b"name", 12, 12 + 16 * _MAX_TABLES)
    if at < 0 or at + 16 > len(data):
        return
    (table,) = struct.unpack_from(">I", data, at + 8)
    if table + 6 > len(data):
        return
    count, texts = struct.unpack_from(">HH", data, table + 2)
    for number in range(min(count, _MAX_NAMES)):
        if table + 18 + 12 * number > len(data):
            return
        platform, _, _, _, length, offset = struct.unpack_from(">6H", data, table + 6 + 12 * number)
        name = data[table + texts + offset :][:length]
        yield name.decode("mac-roman" if platform == 1 else "utf-16-be", "replace")


def _wrapped_font_end(data: bytes) -> int:
    """The end of a WOFF or WOFF2 font, which tells its own length."""
    if len(data) < 44:
        return 0
    length, count, zero = struct.unpack_from(">IHH", data, 8)
    return length if 44 <= length <= len(data) and 0 < count <= _MAX_TABLES and zero == 0 else 0


def read_film(data: bytes) -> FileContent:
    """A film: `pictured` if it is a whole sequence of boxes, else it is not understood. Sound is never read."""
    content = FileContent("sound or film")
    if data[4:8] == b"ftyp" and data[8:11] != b"M4A" and boxes_end(data) == len(data) and b"moov" in data:
        content.kind = "film"
        content.fail(PICTURED, "a film")
    else:
        content.fail(UNREADABLE, "sound or film")
    return content
