"""The text of binary PowerPoint presentations ([MS-PPT]): every text record, in one pass, and embedded objects."""

from __future__ import annotations

import struct
import zlib

from classifiers.extract.readers.reading import ENCRYPTED, MAX_UNPACKED, UNREADABLE, FileContent, InnerFile
from classifiers.extract.readers.xml_text import tidy

_CHARACTERS, _BYTES, _STRING = 0x0FA0, 0x0FA8, 0x0FBA
_OBJECT, _ENCRYPTION = 0x1011, 0x2F14
_CONTAINER = 0x0F
_MAX_OBJECTS = 20
_NOISE = ("Times New Roman", "Arial", "Calibri", "Wingdings", "___PPT", "Default Design", "Office Theme")


def read_powerpoint(stream: bytes, content: FileContent) -> list[InnerFile]:
    """Add the text of the stream "PowerPoint Document". Returns the embedded objects."""
    texts: list[str] = []
    files: list[InnerFile] = []
    at = 0
    while at + 8 <= len(stream):
        version, kind, size = struct.unpack_from("<HHI", stream, at)
        at += 8
        if version & _CONTAINER == _CONTAINER:  # its records follow
            if kind == _ENCRYPTION:
                content.fail(ENCRYPTED, "a presentation with a password")
                return []
            continue
        data = stream[at : at + size]
        at += size
        if len(data) < size:
            content.fail(UNREADABLE, "a broken record of a presentation")
        if kind in (_CHARACTERS, _STRING):
            texts.append(data.decode("utf-16-le", "replace"))
        elif kind == _BYTES:
            texts.append(data.decode("cp1252", "replace"))
        elif kind == _OBJECT and len(files) < _MAX_OBJECTS:
            files.append(InnerFile("", _unpacked(version, data)))
    lines = (text.replace("\r", "\n").replace("\x0b", "\n") for text in texts if not text.startswith(_NOISE))
    content.text.append(tidy("\n".join(lines)))
    return files


def _unpacked(version: int, data: bytes) -> bytes:
    """An embedded object; instance 1 is compressed, after its size."""
    if version >> 4 != 1:
        return data
    try:
        return zlib.decompressobj().decompress(data[4:], MAX_UNPACKED)
    except zlib.error:
        return data
