"""Detects the type of a file from its bytes, whatever its name and its media type say."""

from __future__ import annotations

import re
from enum import StrEnum

from classifiers.extract.readers.fonts.tables import is_embedded_opentype
from gateway.core.mime.charsets.wide import detect_wide_charset

_PDF_MARK_WITHIN = 1024
"""PDF readers accept the mark anywhere in these first bytes."""
_ARCHIVE_END_WITHIN = 66_000
"""The directory of an archive begins within these last bytes."""


class FileType(StrEnum):
    """The types that are distinguished."""

    PDF = "pdf"
    ARCHIVE = "zip"
    LEGACY_OFFICE = "ole"
    PICTURE = "picture"
    AUDIO_VIDEO = "sound or film"
    ENCRYPTED = "encrypted"
    COMPRESSED = "compressed"
    TAR = "tar"
    SEVEN_ZIP = "7z"
    WINMAIL = "winmail.dat"
    RTF = "rtf"
    PACKED = "packed"  # archives and programs that cannot be opened here
    FONT = "font"
    TEXT = "text"
    UNKNOWN = "unknown"


_MAGIC_NUMBERS: tuple[tuple[bytes, FileType], ...] = (
    (b"PK\x03\x04", FileType.ARCHIVE),
    (b"PK\x05\x06", FileType.ARCHIVE),
    (b"\xd0\xcf\x11\xe0", FileType.LEGACY_OFFICE),
    (b"\x89PNG", FileType.PICTURE),
    (b"\xff\xd8\xff", FileType.PICTURE),
    (b"GIF8", FileType.PICTURE),
    (b"BM", FileType.PICTURE),
    (b"II*\x00", FileType.PICTURE),
    (b"MM\x00*", FileType.PICTURE),
    (b"\x00\x00\x01\x00", FileType.PICTURE),
    (b"\x00\x00\x00\x0cjP  ", FileType.PICTURE),
    (b"\xff\x0a", FileType.PICTURE),
    (b"\x00\x00\x00\x0cJXL ", FileType.PICTURE),
    (b"8BPS", FileType.PICTURE),
    (b"VCLMTF", FileType.PICTURE),
    (b"\xd7\xcd\xc6\x9a", FileType.PICTURE),
    *((b"P%d\n" % number, FileType.PICTURE) for number in range(1, 8)),
    (b"ID3", FileType.AUDIO_VIDEO),
    (b"OggS", FileType.AUDIO_VIDEO),
    (b"fLaC", FileType.AUDIO_VIDEO),
    (b"\x1a\x45\xdf\xa3", FileType.AUDIO_VIDEO),
    (b"#!AMR", FileType.AUDIO_VIDEO),
    (b"MThd", FileType.AUDIO_VIDEO),
    (b".snd", FileType.AUDIO_VIDEO),
    (b"FLV\x01", FileType.AUDIO_VIDEO),
    (b"\x30\x26\xb2\x75", FileType.AUDIO_VIDEO),
    (b"\x00\x00\x01\xba", FileType.AUDIO_VIDEO),
    (b"\x78\x9f\x3e\x22", FileType.WINMAIL),
    (b"\x1f\x8b", FileType.COMPRESSED),
    (b"\x1f\x9d", FileType.PACKED),
    (b"\x28\xb5\x2f\xfd", FileType.PACKED),
    (b"MSCF", FileType.PACKED),
    (b"7z\xbc\xaf", FileType.SEVEN_ZIP),
    (b"Rar!", FileType.PACKED),
    (b"BZh", FileType.COMPRESSED),
    (b"\xfd7zXZ", FileType.COMPRESSED),
    (b"MZ", FileType.PACKED),
    (b"\x7fELF", FileType.PACKED),
    (b"SQLite format 3", FileType.PACKED),
    (b"Salted__", FileType.ENCRYPTED),
    (b"wOFF", FileType.FONT),
    (b"wOF2", FileType.FONT),
    (b"\x00\x01\x00\x00\x00", FileType.FONT),
    (b"OTTO", FileType.FONT),
    (b"true\x00", FileType.FONT),
)
_PORTABLE = re.compile(rb"P[1-6](?:\s|#[^\n]{0,100}\n){1,20}\d{1,5}(?:\s|#[^\n]{0,100}\n){1,20}\d{1,5}\s")
"""The start of a portable bitmap (PBM, PGM, PPM), which may be written in digits."""
_ALL_MAGIC_NUMBERS = tuple(magic for magic, _ in _MAGIC_NUMBERS)
_PRINTABLE_MAGIC_NUMBERS = tuple(
    magic for magic in _ALL_MAGIC_NUMBERS if magic.isascii() and magic.decode().strip().isprintable()
)
"""Magic numbers that a plain text may begin with too."""
_TAR_HEADER = 512
_SAMPLE_SIZE = 8192
"""Bytes at the start that are checked for plain text."""
_IMAGE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1")
_CONTROL_CHARACTERS = bytes({*range(0x20)} - {9, 10, 12, 13, 27})


def detect_file_type(data: bytes) -> FileType:
    """The type of a file."""
    if b"%PDF-" in data[:_PDF_MARK_WITHIN]:
        return FileType.PDF
    if data.lstrip(b" \t\r\n\xef\xbb\xbf")[:4] == b"{\\rt":
        return FileType.RTF
    if is_tar(data):
        return FileType.TAR
    if _PORTABLE.match(data):
        return FileType.PICTURE
    if is_embedded_opentype(data):
        return FileType.FONT
    is_written = b"\0" not in data[:_SAMPLE_SIZE] and b"\xff\xff\xff" not in data[:64] and looks_like_text(data)
    if data.startswith(_ALL_MAGIC_NUMBERS) and not (data.startswith(_PRINTABLE_MAGIC_NUMBERS) and is_written):
        return next(kind for magic, kind in _MAGIC_NUMBERS if data.startswith(magic))
    if is_written and data[:1] < b"\x80":
        return FileType.TEXT
    if data[40:44] == b" EMF":
        return FileType.PICTURE
    if data[4:8] == b"ftyp":
        return FileType.PICTURE if data[8:12] in _IMAGE_BRANDS else FileType.AUDIO_VIDEO
    if data.startswith(b"RIFF"):
        return FileType.PICTURE if data[8:12] == b"WEBP" else FileType.AUDIO_VIDEO
    if len(data) > 4 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0 and data[:2] not in (b"\xff\xfe", b"\xff\xff"):
        return FileType.AUDIO_VIDEO  # MPEG audio frames
    return FileType.TEXT if looks_like_text(data) else FileType.UNKNOWN


def has_appended_archive(data: bytes) -> bool:
    """Whether an archive is appended to another file. Programs find such archives from the end."""
    return data.rfind(b"PK\x05\x06", max(0, len(data) - _ARCHIVE_END_WITHIN)) >= 0 and b"PK\x03\x04" in data


def is_tar(data: bytes) -> bool:
    """Whether a file begins with a header of tar: its checksum fits."""
    header = data[:_TAR_HEADER]
    if len(header) < _TAR_HEADER:
        return False
    digits = header[148:156].strip(b" \0")
    if not digits or digits.strip(b"01234567"):
        return False
    return int(digits, 8) == sum(header) - sum(header[148:156]) + 8 * 0x20


def looks_like_text(data: bytes) -> bool:
    """Whether bytes are readable text: hardly any control characters, or a 16-bit encoding."""
    sample = data[:_SAMPLE_SIZE]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")) or detect_wide_charset(sample):
        return True
    controls = len(sample) - len(sample.translate(None, _CONTROL_CHARACTERS))
    return controls * 50 <= len(sample)
