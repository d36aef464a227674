"""The text of attached files: plain text, calendar, vCard, PDF, Office and OpenDocument, archives of these.

Pictures are read where the extra `ocr` is installed (`classifiers.pictures`); sound and film carry no text that is read
here; everything else that cannot be read says so. Bounded by a budget of characters and time, by the size of what is
unpacked and by how deep files lie in files.
"""

from __future__ import annotations

import io
import re
import struct
import time
import zipfile
import zlib
from dataclasses import dataclass

from classifiers import pictures
from gateway.core.html import visible_text

MAX_FILE = 20 * 1024 * 1024
MAX_UNPACKED = 30 * 1024 * 1024
MAX_ENTRIES = 300
MAX_PAGES = 100
MAX_DEPTH = 3

_SILENT = ("image/", "audio/", "video/", "font/", "model/")
_HARMLESS = frozenset(
    "application/pkcs7-signature application/x-pkcs7-signature application/pgp-signature application/pgp-keys "
    "message/delivery-status message/disposition-notification text/rfc822-headers multipart/mixed".split()
)
_SEALED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_MEDIA_NAMES = (".png", ".jpg", ".jpeg", ".gif", ".heic", ".webp", ".bmp", ".mp3", ".m4a", ".wav", ".mp4",
                ".mov",
                ".avi", ".ogg", ".ttf", ".woff", ".ico")  # fmt: skip
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic")
_TEXT_NAMES = (".txt", ".csv", ".tsv", ".md", ".ics", ".vcf", ".json", ".xml", ".html", ".htm", ".log", ".rtf", ".py")
_TEXT_ENTRY = re.compile(
    r"(?:word/(?:document|footnotes|comments|header\d*|footer\d*)|ppt/(?:slides|notesSlides)/[^/]+|xl/sharedStrings"
    r"|xl/worksheets/[^/]+|content)\.xml\Z"
)
_BREAKS = re.compile(rb"</(?:w:p|a:p|text:p|text:h|si|row|w:tab|w:br)>|<w:(?:br|tab)[ /][^>]*>")
_TAGS = re.compile(rb"<[^>]*>")
_READABLE = re.compile(r"[\x20-\x7e\u00c0-\u00ff]{5,}")


@dataclass(slots=True)
class Budget:
    """What the files of one message may still cost: a deadline on the monotonic clock, characters, unpacked bytes."""

    deadline: float
    characters: int
    unpacked: int = MAX_UNPACKED
    pictures: int = pictures.MOST

    def spent(self) -> bool:
        """Whether nothing more should be read."""
        return self.characters <= 0 or self.unpacked <= 0 or time.monotonic() > self.deadline


Text = tuple[str, tuple[str, ...]]


def text_of(media_type: str, filename: str, data: bytes, budget: Budget, depth: int = 0) -> Text:
    """The text of a file and the words for what could not be read. Never raises."""
    name = filename.lower()
    if data and (media_type == "image/svg+xml" or name.endswith(".svg")):
        media_type, name = "application/xml", "drawing.xml"  # its words are text
    elif data and pictures.readable() and (media_type.startswith("image/") or name.endswith(_PICTURES)):
        return _picture(data, budget)
    if not data or media_type in _HARMLESS or media_type.startswith(_SILENT) or name.endswith(_MEDIA_NAMES):
        return "", ()
    if media_type in _SEALED or name.endswith((".p7m", ".gpg", ".pgp")):
        return "", ("encrypted",)
    if len(data) > MAX_FILE or budget.spent() or depth > MAX_DEPTH:
        return "", ("too_large" if depth <= MAX_DEPTH else "unreadable",)
    text, failed = _opened(media_type, name, data, budget, depth)
    if len(text) > budget.characters:
        text, failed = text[: budget.characters], (*failed, "too_large")
    budget.characters -= len(text)
    return text, failed


def _picture(data: bytes, budget: Budget) -> Text:
    if len(data) > MAX_FILE or budget.pictures <= 0 or budget.spent():
        return "", ("too_large",)
    budget.pictures -= 1
    text, failed = pictures.words(data, budget.deadline)
    text = text[: budget.characters]
    budget.characters -= len(text)
    return text, failed


def _opened(media_type: str, name: str, data: bytes, budget: Budget, depth: int) -> Text:
    if data.startswith(b"%PDF") or media_type == "application/pdf":
        return _pdf(data, budget)
    if data.startswith(b"PK\x03\x04"):
        return _zip(data, budget, depth)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return _ole(data)
    if (
        media_type.startswith("text/")
        or media_type in ("application/json", "application/xml", "application/ics")
        or name.endswith(_TEXT_NAMES)
    ):
        return _plain(media_type, name, data)
    if media_type.startswith("message/") or media_type.startswith("multipart/"):
        return _decoded(data), ()
    return "", ("unreadable",)


def _decoded(data: bytes) -> str:
    for charset in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"):
        try:
            return data.decode(charset)
        except UnicodeError:
            continue
    return data.decode("cp1252", "replace")


def _plain(media_type: str, name: str, data: bytes) -> Text:
    text = _decoded(data)
    if media_type == "text/calendar" or name.endswith((".ics", ".vcf")) or "vcard" in media_type:
        return _fields(text), ()
    if name.endswith(".rtf") or text.startswith("{\\rtf"):
        return _rich(text), ()
    if media_type in ("text/html", "application/xhtml+xml") or name.endswith((".html", ".htm")):
        return "\n".join(filter(None, visible_text(text))), ()
    if media_type == "application/xml" or name.endswith(".xml"):
        return re.sub(r"<[^>]*>", " ", text), ()
    return text, ()


_RTF_ASIDE = re.compile(
    r"\{\\(?:\*|fonttbl|colortbl|stylesheet|info|pict|themedata|datastore)[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"
)
_RTF = re.compile(
    r"\\u(-?\d{1,6}) ?(?:\\'[0-9a-f]{2}|\?)?|\\'([0-9a-f]{2})|\\(par|line|tab|row|cell)\b ?|\\[a-z]+-?\d* ?|[{}\r\n]",
    re.IGNORECASE,
)


def _rich(text: str) -> str:
    """The words of Rich Text, its tables of fonts and colours left out."""

    def plain(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1]) % 65536)
        return bytes.fromhex(found[2]).decode("cp1252", "replace") if found[2] else "\n" if found[3] else ""

    return _RTF.sub(plain, _RTF_ASIDE.sub("", text)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_SAID = re.compile(
    r"^(?:SUMMARY|DESCRIPTION|LOCATION|COMMENT|NOTE|TITLE|FN|TEL|EMAIL|URL|X-ALT-DESC)[;:]", re.IGNORECASE
)


def _fields(text: str) -> str:
    """What a calendar entry or vCard says to a person (RFC 5545, RFC 6350): unfolded, unescaped."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    lines = [line.partition(":")[2] for line in unfolded.splitlines() if _SAID.match(line)]
    plain = (line.replace("\\n", "\n").replace("\\N", "\n").replace("\\,", ",").replace("\\;", ";") for line in lines)
    return "\n".join(visible_text(line)[0] if "</" in line else line for line in plain)


def _pdf(data: bytes, budget: Budget) -> Text:
    from pypdf import PdfReader  # most workers never meet a PDF: 8 MB that they can do without
    from pypdf.errors import PyPdfError

    pieces: list[str] = []
    room = budget.characters
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            return "", ("encrypted",)
        for number, page in enumerate(reader.pages):
            if number >= MAX_PAGES or room <= 0 or time.monotonic() > budget.deadline:
                return "\n".join(pieces), ("too_large",)
            pieces.append(page.extract_text())
            room -= len(pieces[-1])
    except (PyPdfError, *_BROKEN):
        return "\n".join(pieces), ("unreadable",)
    return "\n".join(pieces), ()


def _zip(data: bytes, budget: Budget, depth: int) -> Text:
    pieces: list[str] = []
    failed: list[str] = []
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
        office = any(_TEXT_ENTRY.match(entry.filename) for entry in entries)
        if any(entry.flag_bits & 1 for entry in entries):
            return "", ("encrypted",)
        if len(entries) > MAX_ENTRIES and not office:
            failed.append("too_large")
        for entry in entries[:MAX_ENTRIES]:
            if entry.is_dir() or (office and not _TEXT_ENTRY.match(entry.filename)):
                continue
            if entry.file_size > budget.unpacked or budget.spent():
                failed.append("unreadable" if entry.file_size > MAX_UNPACKED else "too_large")
                break
            with archive.open(entry) as opened:
                inner = opened.read(min(entry.file_size + 1, budget.unpacked))
            budget.unpacked -= len(inner)
            if office:
                pieces.append(_markup(inner))
            else:
                text, words = text_of("", entry.filename, inner, budget, depth + 1)
                pieces.append(text)
                failed.extend(words)
    except (zipfile.BadZipFile, zlib.error, *_BROKEN):
        failed.append("unreadable")
    return "\n".join(piece for piece in pieces if piece), tuple(dict.fromkeys(failed))


def _markup(xml: bytes) -> str:
    """The text of an Office or OpenDocument part; only the five entities of XML are expanded, so no bomb goes off."""
    plain = _TAGS.sub(b"", _BREAKS.sub(b"\n", xml)).decode("utf-8", "replace")
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        plain = plain.replace(entity, char)
    return re.sub(r"\n{2,}", "\n", plain).strip()


def _ole(data: bytes) -> Text:
    """Old Office files: their runs of readable characters, of both widths."""
    if b"E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e" in data:
        return "", ("encrypted",)
    wide = "\n".join(_READABLE.findall(data.decode("utf-16-le", "ignore")))
    narrow = "\n".join(run for run in _READABLE.findall(data.decode("latin-1")) if len(run) > 20)
    text = f"{narrow}\n{wide}"
    return (text, ()) if text.strip() else ("", ("unreadable",))


# What pypdf and zipfile raise on broken files beside their own errors.
_BROKEN = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, OSError, EOFError,
           AssertionError,
           ArithmeticError, NotImplementedError, RecursionError, MemoryError, RuntimeError, struct.error, UnicodeError,
           zlib.error)  # fmt: skip
