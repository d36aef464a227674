"""Files that were written out in base64 or hexadecimal digits, as a text or in one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from classifiers.extract.file_types import FileType, detect_file_type
from gateway.core.mime.transfer import decode

_ENCODED = re.compile(rb"\s*+(?:[A-Za-z0-9+/_-]{20,}+={0,2}\s*+)++")
_DIGITS = re.compile(rb"[0-9A-Fa-f]+")
_BASE_64 = ("iVBORw0KGgo", "/9j/", "R0lGODdh", "R0lGODlh", "UEsDB", "JVBERi0", "0M8R4K", "e1xydG", "UklGR", "H4sI")
_HEXADECIMAL = ("89504e470d0a1a0a", "89504E470D0A1A0A", "ffd8ffe", "FFD8FFE", "474946383", "504b0304", "255044462d")
_MARKS = (*_BASE_64, *_HEXADECIMAL)
"""How pictures, archives, PDF, office files and RTF begin, written out."""
_WRITTEN_OUT = re.compile(
    rf"\b((?:{'|'.join(_HEXADECIMAL)})(?:[0-9A-Fa-f]|\s{{1,20}}(?=[0-9A-Fa-f])){{100,}}+)"
    rf"|(?<!base64,)(?<![A-Za-z0-9+/])(?:{'|'.join(map(re.escape, _BASE_64))})"
    r"(?:[A-Za-z0-9+/]|\s{1,20}(?=[A-Za-z0-9+/])){60,}+"
)
_MAX_FILES = 20
_UNKNOWN = (FileType.UNKNOWN, FileType.TEXT, FileType.AUDIO_VIDEO)


def decoded_file(data: bytes) -> bytes:
    """The file that a text of nothing but base64 or hexadecimal digits is; empty if it is none that can be read."""
    if _ENCODED.fullmatch(data) is None:
        return b""
    digits = b"".join(data.split())
    if len(digits) % 2 == 0 and _DIGITS.fullmatch(digits) and _is_readable(inner := bytes.fromhex(digits.decode())):
        return inner
    inner = decode("base64", data)
    return inner if _is_readable(inner) else b""


def _is_readable(data: bytes) -> bool:
    """Whether decoded bytes are a text, or a file of a known type."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return detect_file_type(data) not in _UNKNOWN
    return True


def files_in_text(text: str) -> Iterator[bytes]:
    """The files that are written out inside a text of something else, by how files of their kinds begin."""
    if not any(mark in text for mark in _MARKS):
        return  # nearly always, and this is quick
    for found in islice(_WRITTEN_OUT.finditer(text), _MAX_FILES):
        written = "".join(found[0].split())
        data = bytes.fromhex(written[: len(written) & ~1]) if found[1] else decode("base64", written.encode())
        if detect_file_type(data) not in _UNKNOWN:
            yield data
