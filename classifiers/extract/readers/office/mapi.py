"""Outlook's properties of a message (MAPI), as in .msg files ([MS-OXMSG]) and in winmail.dat ([MS-OXTNEF])."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from classifiers.extract.readers.reading import MAX_UNPACKED, FileContent, InnerFile
from classifiers.extract.readers.records import say_together, sentences_in
from classifiers.extract.readers.words_in_values import has_words
from gateway.core.mime.charsets.decoding import to_text

STRING, WIDE_STRING, BINARY, OBJECT = 0x1E, 0x1F, 0x102, 0x0D
MULTIPLE = 0x1000
_BODY, _HTML, _RTF, _DATA = 0x1000, 0x1013, 0x1009, 0x3701
_LONG_NAME, _SHORT_NAME, _SUFFIX, _MEDIA_TYPE = 0x3707, 0x3704, 0x3703, 0x370E
_FILES = frozenset((_HTML, _RTF, _DATA))
_SHOWN = frozenset((0x0037, 0x1000, 0x0E1D, 0x0070, 0x0C1A, 0x0042, 0x0E02, 0x0E03, 0x0E04, 0x3001, 0x3004, 0x370B))
"""Subject, body, topic, names of senders and recipients, comment, description of a file."""
_MAX_VALUES = 100_000
_RTF_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS "
    b"Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_FIXED_SIZES = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}


@dataclass(slots=True)
class MapiProperties:
    """The properties of one message, recipient or attachment, by id."""

    codepage: str = "cp1252"
    texts: dict[int, list[str]] = field(default_factory=dict)
    binaries: dict[int, list[bytes]] = field(default_factory=dict)

    def add(self, number: int, kind: int, value: bytes) -> None:
        """Add one value."""
        kind &= ~MULTIPLE
        if kind == WIDE_STRING:
            self.texts.setdefault(number, []).append(value.decode("utf-16-le", "replace").rstrip("\0"))
        elif kind == STRING:
            self.texts.setdefault(number, []).append(to_text(value.rstrip(b"\0"), self.codepage))
        elif kind in (BINARY, OBJECT):
            self.binaries.setdefault(number, []).append(value)

    def write(self, content: FileContent, files: list[InnerFile]) -> None:
        """Add texts and files to a content: bodies in HTML and RTF are files, like what is attached."""
        for number, values in self.texts.items():
            if number == _HTML:
                files.extend(InnerFile("", value.encode("utf-8", "replace"), "text/html") for value in values)
            elif number in _SHOWN:
                content.text.extend(values)
            else:
                content.hidden.extend(value for value in values if has_words(value))
                content.hidden.extend(say_together([values]))
        for number, others in self.binaries.items():
            if number not in _FILES:  # voting buttons and others
                content.hidden.extend(sentence for value in others for sentence in sentences_in(value))
        for html in self.binaries.get(_HTML, ()):
            files.append(InnerFile("", html, "text/html"))
        for rtf in self.binaries.get(_RTF, ()):
            unpacked = unpack_rtf(rtf)
            if unpacked is None:
                content.fail("unreadable", "a compressed body that is broken")
            else:
                files.append(InnerFile("", unpacked, "application/rtf"))
        for data in filter(None, self.binaries.get(_DATA, ())):
            files.append(
                InnerFile(self._first(_LONG_NAME, _SHORT_NAME, _SUFFIX), data, self._first(_MEDIA_TYPE).lower())
            )

    def _first(self, *numbers: int) -> str:
        return next((text for number in numbers for text in self.texts.get(number, ()) if text), "")


def unpack_rtf(data: bytes) -> bytes | None:
    """Compressed RTF ([MS-OXRTFCP]) unpacked; None if it is not that."""
    if len(data) < 16:
        return None
    _, raw_size, kind = struct.unpack_from("<II4s", data)
    if kind == b"MELA":
        return data[16 : 16 + raw_size]
    if kind != b"LZFu":
        return None
    window = bytearray(_RTF_START.ljust(_WINDOW, b"\0"))
    place = len(_RTF_START)
    out = bytearray()
    at = 16
    limit = min(raw_size, MAX_UNPACKED)
    while at < len(data) and len(out) < limit:
        control = data[at]
        at += 1
        for bit in range(8):
            if control >> bit & 1:
                if at + 2 > len(data):
                    return bytes(out)
                reference = data[at] << 8 | data[at + 1]
                at += 2
                start, length = reference >> 4, (reference & 15) + 2
                if start == place:
                    return bytes(out[:raw_size])
                for step in range(length):
                    letter = window[(start + step) % _WINDOW]
                    out.append(letter)
                    window[place] = letter
                    place = (place + 1) % _WINDOW
            elif at < len(data):
                out.append(data[at])
                window[place] = data[at]
                place = (place + 1) % _WINDOW
                at += 1
    return bytes(out[:raw_size])


def read_property_list(data: bytes, properties: MapiProperties, rows: int = 1) -> bool:
    """Read a list of properties of winmail.dat, or one of each row. Returns whether it could be read to its end."""
    at = left = 0
    try:
        for _ in range(min(rows, _MAX_VALUES)):
            (count,) = struct.unpack_from("<I", data, at)
            at, left = at + 4, left + count
            if left > _MAX_VALUES:
                return False
            for _ in range(count):
                at = _read_property(data, at, properties)
    except (struct.error, KeyError):
        return False
    return True


def _read_property(data: bytes, at: int, properties: MapiProperties) -> int:
    kind, number = struct.unpack_from("<HH", data, at)
    at += 4
    if number >= 0x8000:  # a named property
        (is_text,) = struct.unpack_from("<I", data, at + 16)
        at += 20
        (length,) = struct.unpack_from("<I", data, at)
        at += 4 + (_padded(length) if is_text else 0)
    base = kind & ~MULTIPLE
    values = 1
    if kind & MULTIPLE or base in (STRING, WIDE_STRING, BINARY, OBJECT):
        (values,) = struct.unpack_from("<I", data, at)
        at += 4
    if base not in (STRING, WIDE_STRING, BINARY, OBJECT):
        return at + _FIXED_SIZES[base] * values
    for _ in range(min(values, _MAX_VALUES)):
        (length,) = struct.unpack_from("<I", data, at)
        if at + 4 + length > len(data):
            raise KeyError(number)
        value = data[at + 4 : at + 4 + length]
        properties.add(number, base, value[16:] if base == OBJECT else value)
        at += 4 + _padded(length)
    return at


def _padded(length: int) -> int:
    return (length + 3) & ~3
