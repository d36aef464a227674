"""A file that hides a sentence, and what the makers of such files share."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HiddenFile:
    """A file by name, media type and bytes."""

    name: str
    media_type: str
    data: bytes


MakeFile = Callable[[random.Random, str], HiddenFile]


def zipped(entries: dict[str, str | bytes], comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
        archive.comment = comment
    return out.getvalue()


def encoded(text: str, charset: str) -> tuple[str, bytes]:
    """The text in a charset, or in UTF-8 if that has not all its characters; with the name of the charset."""
    try:
        return charset, text.encode(charset)
    except UnicodeError:
        return "utf-8", text.encode()


def text_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
