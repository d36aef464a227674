"""The text of Office and OpenDocument files, including hidden text: deleted, vanished, white.

Visible and hidden text of a Word document are returned separately. Notes, comments, properties, link targets and
embedded files are read too.
"""

from __future__ import annotations

import re
import struct

TEXT_ENTRY = re.compile(
    r"(?:word/(?:document|footnotes|endnotes|comments|header\d*|footer\d*|glossary/document)"
    r"|(?:word|ppt|xl)/(?:diagrams/data|charts/chart)\d*|ppt/(?:slides|notesSlides|comments|slideMasters|slideLayouts)/[^/]+"
    r"|xl/(?:sharedStrings|comments\d*|workbook)|xl/(?:worksheets|threadedComments|drawings)/[^/]+|docProps/(?:core|custom)"
    r"|content|meta|styles)\.xml\Z"
)
"""The entries of an archive that hold the text of a document."""
RELATIONSHIPS = re.compile(r"(?:word|ppt|xl)/(?:[^/]+/)?_rels/[^/]+\.rels\Z")
_INTERNAL = re.compile(
    r"(?:word|xl|ppt|docProps|_rels|customXml|META-INF|Configurations2)/.*(?:\.(?:xml|rels|vml|odttf)|vbaProject\.bin"
    r"|printerSettings\d*\.bin)\Z|\[Content_Types\]\.xml\Z|settings\.xml\Z|mimetype\Z|manifest\.rdf\Z|layout-cache\Z"
)
_BREAKS = re.compile(
    rb"</(?:w:p|a:p|text:p|text:h|si|row|c|w:tab|w:br|dc:\w+|cp:\w+|vt:\w+|meta:\w+|text|comment)>"
    rb"|<w:(?:br|tab)[ /][^>]*>"
)
_TAGS = re.compile(rb"<[^>]*>")
_RUN = re.compile(rb"<(w:r|a:r)[ >].*?</\1>", re.DOTALL)
_HIDDEN_RUN = re.compile(
    rb"<w:(?:vanish|webHidden|specVanish)(?: w:val=\"(?:1|true|on)\")?\s*/>|<w:color [^>]*w:val=\"[fF]{6}\""
    rb"|<w:sz w:val=\"[1-4]\"|<w:delText[ >]|<a:srgbClr val=\"[fF]{6}\""
)
_SHADED = re.compile(rb"<w:shd [^>]*w:fill=\"(?!auto|[fF]{6})[0-9a-fA-F]{6}\"|<w:highlight")
_TARGET = re.compile(rb'<Relationship [^>]*?Target="([^"]{4,2000})"[^>]*?>')
_EXTERNAL = re.compile(rb'TargetMode="External"')
_READABLE = re.compile(r"[\x20-\x7e\u00c0-\u00ff]{5,}")
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_ENCRYPTED_SLIDES = "EncryptedSummary".encode("utf-16-le")
_WORD_MAGIC = b"\xec\xa5"
_EXCEL_MAGIC = b"\x09\x08\x10\x00\x00\x06\x05\x00"
_SECTOR = 512
_MAX_RUN = 50_000


def is_office(names: list[str]) -> bool:
    """Whether an archive is a document: it has the entries that hold a document's text."""
    return any(TEXT_ENTRY.match(name) for name in names)


def is_internal(name: str) -> bool:
    """Whether an entry belongs to the file format and was not added by a person."""
    return _INTERNAL.match(name) is not None


def is_encrypted(name: str, xml: bytes) -> bool:
    """Whether an OpenDocument manifest declares encryption."""
    return name == "META-INF/manifest.xml" and b"encryption-data" in xml


def shown_and_hidden(xml: bytes) -> tuple[str, str]:
    """The visible text of a part, and its hidden text."""
    if _HIDDEN_RUN.search(xml) is None or _SHADED.search(xml) is not None:
        return strip_tags(xml), ""
    hidden: list[bytes] = []

    def shown(match: re.Match[bytes]) -> bytes:
        run = match.group()
        if len(run) > _MAX_RUN or _HIDDEN_RUN.search(run) is None:
            return run
        hidden.append(run)
        return b""

    remaining = _RUN.sub(shown, xml)
    return strip_tags(remaining), strip_tags(b" ".join(hidden))


def strip_tags(xml: bytes) -> str:
    """Markup without its tags. Only the five entities of XML are expanded, so entity bombs have no effect."""
    text = _TAGS.sub(b"", _BREAKS.sub(b"\n", xml)).decode("utf-8", "replace")
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, char)
    return re.sub(r"\n\s*\n", "\n", text).strip()


def link_targets(xml: bytes) -> str:
    """The targets of a document's external links."""
    return "\n".join(
        strip_tags(match[1]) for match in _TARGET.finditer(xml) if _EXTERNAL.search(match.group()) is not None
    )


def legacy_text(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of old binary Office files: their runs of readable characters, 8-bit and 16-bit."""
    if _ENCRYPTED_PACKAGE in data or _ENCRYPTED_SLIDES in data or _has_password(data):
        return "", ("encrypted",)
    wide = "\n".join(_READABLE.findall(data.decode("utf-16-le", "ignore")))
    narrow = "\n".join(run for run in _READABLE.findall(data.decode("latin-1")) if len(run) > 20)
    text = f"{narrow}\n{wide}"
    return (text, ()) if text.strip() else ("", ("unreadable",))


def _has_password(data: bytes) -> bool:
    """Whether a Word document or Excel workbook is marked as encrypted ([MS-DOC], [MS-XLS])."""
    for at in range(_SECTOR, min(len(data), 64 * _SECTOR), _SECTOR):
        if data.startswith(_WORD_MAGIC, at):
            (flags,) = struct.unpack_from("<H", data.ljust(at + 12, b"\0"), at + 10)
            return bool(flags & 0x0100)
        if data.startswith(_EXCEL_MAGIC, at):
            return data[at + 20 : at + 22] == b"\x2f\x00"
    return False
