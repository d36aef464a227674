"""What a file is by its bytes, whatever its name and its media type say."""

from __future__ import annotations

from enum import StrEnum

from gateway.core.mime.charsets import wide

_LOOKED_AT = 1024
"""Bytes in which the mark of a PDF may stand: readers of PDF look as far."""
_TAIL = 66_000
"""Bytes at the end in which the directory of an archive may begin."""


class Is(StrEnum):
    """The kinds of files that are told apart."""

    PDF = "pdf"
    ARCHIVE = "zip"
    OLD_OFFICE = "ole"
    PICTURE = "picture"
    SOUND = "sound or film"
    SEALED = "encrypted"
    PACKED = "packed"  # archives and programs that nothing here opens
    FONT = "font"
    TEXT = "text"
    UNKNOWN = "unknown"


_BEGINNINGS: tuple[tuple[bytes, Is], ...] = (
    (b"PK\x03\x04", Is.ARCHIVE),
    (b"PK\x05\x06", Is.ARCHIVE),
    (b"\xd0\xcf\x11\xe0", Is.OLD_OFFICE),
    (b"\x89PNG", Is.PICTURE),
    (b"\xff\xd8\xff", Is.PICTURE),
    (b"GIF8", Is.PICTURE),
    (b"BM", Is.PICTURE),
    (b"II*\x00", Is.PICTURE),
    (b"MM\x00*", Is.PICTURE),
    (b"\x00\x00\x01\x00", Is.PICTURE),
    (b"\x00\x00\x00\x0cjP  ", Is.PICTURE),
    (b"\xff\x0a", Is.PICTURE),
    (b"\x00\x00\x00\x0cJXL ", Is.PICTURE),
    (b"8BPS", Is.PICTURE),
    (b"\xd7\xcd\xc6\x9a", Is.PICTURE),
    (b"ID3", Is.SOUND),
    (b"OggS", Is.SOUND),
    (b"fLaC", Is.SOUND),
    (b"\x1a\x45\xdf\xa3", Is.SOUND),
    (b"#!AMR", Is.SOUND),
    (b"MThd", Is.SOUND),
    (b".snd", Is.SOUND),
    (b"FLV\x01", Is.SOUND),
    (b"\x30\x26\xb2\x75", Is.SOUND),
    (b"\x00\x00\x01\xba", Is.SOUND),
    (b"\x1f\x8b", Is.PACKED),
    (b"7z\xbc\xaf", Is.PACKED),
    (b"Rar!", Is.PACKED),
    (b"BZh", Is.PACKED),
    (b"\xfd7zXZ", Is.PACKED),
    (b"MZ", Is.PACKED),
    (b"\x7fELF", Is.PACKED),
    (b"SQLite format 3", Is.PACKED),
    (b"Salted__", Is.SEALED),
    (b"wOFF", Is.FONT),
    (b"wOF2", Is.FONT),
    (b"\x00\x01\x00\x00\x00", Is.FONT),
    (b"OTTO", Is.FONT),
    (b"true\x00", Is.FONT),
)
_FIRST = tuple(begins for begins, _ in _BEGINNINGS)
_WRITTEN = tuple(begins for begins in _FIRST if begins.isascii() and begins.decode().isprintable())
"""Beginnings that a text may have as well."""
_HEAD = 8192
"""Bytes by which a text is known."""
_STILL = (b"avif", b"avis", b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1")
_ODD = bytes({*range(0x20)} - {9, 10, 12, 13, 27})


def kind_of(data: bytes) -> Is:
    """What a file is."""
    if b"%PDF-" in data[:_LOOKED_AT]:
        return Is.PDF
    written = b"\0" not in data[:_HEAD] and is_text(data)
    if data.startswith(_FIRST) and not (data.startswith(_WRITTEN) and written):
        return next(kind for begins, kind in _BEGINNINGS if data.startswith(begins))
    if written and data[:1] < b"\x80":
        return Is.TEXT
    if data[40:44] == b" EMF":
        return Is.PICTURE
    if data[4:8] == b"ftyp":
        return Is.PICTURE if data[8:12] in _STILL else Is.SOUND
    if data.startswith(b"RIFF"):
        return Is.PICTURE if data[8:12] == b"WEBP" else Is.SOUND
    if len(data) > 4 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0 and data[:2] not in (b"\xff\xfe", b"\xff\xff"):
        return Is.SOUND  # frames of MPEG
    return Is.TEXT if is_text(data) else Is.UNKNOWN


def hides_archive(data: bytes) -> bool:
    """Whether an archive hangs on a file of another kind: what opens archives finds them from behind."""
    return data.rfind(b"PK\x05\x06", max(0, len(data) - _TAIL)) >= 0 and b"PK\x03\x04" in data


def is_text(data: bytes) -> bool:
    """Whether bytes can be read as text: hardly any control characters, or characters of two bytes."""
    head = data[:_HEAD]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or wide(head):
        return True
    odd = len(head) - len(head.translate(None, _ODD))
    return odd * 50 <= len(head)
