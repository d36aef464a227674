"""Files that were written out in base64 or hexadecimal digits, as text."""

from __future__ import annotations

import re

from classifiers.extract.file_types import FileType, detect_file_type
from gateway.core.mime.transfer import decode

_ENCODED = re.compile(rb"\s*+(?:[A-Za-z0-9+/_-]{20,}+={0,2}\s*+)++")
_DIGITS = re.compile(rb"[0-9A-Fa-f]+")
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
