"""The text of Office and OpenDocument files, also what they carry without showing it: deleted, vanished, white.

What a document of Word says and what it hides are told apart; its notes, comments, properties and link targets are read
as well, and so are the files that lie in it.
"""

from __future__ import annotations

import re
import struct

ENTRY = re.compile(
    r"(?:word/(?:document|footnotes|endnotes|comments|header\d*|footer\d*|glossary/document)"
    r"|(?:word|ppt|xl)/(?:diagrams/data|charts/chart)\d*|ppt/(?:slides|notesSlides|comments|slideMasters|slideLayouts)/[^/]+"
    r"|xl/(?:sharedStrings|comments\d*|workbook)|xl/(?:worksheets|threadedComments|drawings)/[^/]+|docProps/(?:core|custom)"
    r"|content|meta|styles)\.xml\Z"
)
"""The entries of such a file that hold text."""
RELATIONS = re.compile(r"(?:word|ppt|xl)/(?:[^/]+/)?_rels/[^/]+\.rels\Z")
_OWN = re.compile(
    r"(?:word|xl|ppt|docProps|_rels|customXml|META-INF|Configurations2)/.*(?:\.(?:xml|rels|vml|odttf)|vbaProject\.bin"
    r"|printerSettings\d*\.bin)\Z|\[Content_Types\]\.xml\Z|settings\.xml\Z|mimetype\Z|manifest\.rdf\Z|layout-cache\Z"
)
_BREAKS = re.compile(
    rb"</(?:w:p|a:p|text:p|text:h|si|row|c|w:tab|w:br|dc:\w+|cp:\w+|vt:\w+|meta:\w+|text|comment)>"
    rb"|<w:(?:br|tab)[ /][^>]*>"
)
_TAGS = re.compile(rb"<[^>]*>")
_RUN = re.compile(rb"<(w:r|a:r)[ >].*?</\1>", re.DOTALL)
_VANISHED = re.compile(
    rb"<w:(?:vanish|webHidden|specVanish)(?: w:val=\"(?:1|true|on)\")?\s*/>|<w:color [^>]*w:val=\"[fF]{6}\""
    rb"|<w:sz w:val=\"[1-4]\"|<w:delText[ >]|<a:srgbClr val=\"[fF]{6}\""
)
_SHADED = re.compile(rb"<w:shd [^>]*w:fill=\"(?!auto|[fF]{6})[0-9a-fA-F]{6}\"|<w:highlight")
_TARGET = re.compile(rb'<Relationship [^>]*?Target="([^"]{4,2000})"[^>]*?>')
_OUTSIDE = re.compile(rb'TargetMode="External"')
_READABLE = re.compile(r"[\x20-\x7e\u00c0-\u00ff]{5,}")
_SEAL = "EncryptedPackage".encode("utf-16-le")
_SEALED_SLIDES = "EncryptedSummary".encode("utf-16-le")
_WORD_BEGINS = b"\xec\xa5"
_SHEET_BEGINS = b"\x09\x08\x10\x00\x00\x06\x05\x00"
_SECTOR = 512
_LONGEST_RUN = 50_000


def is_office(names: list[str]) -> bool:
    """Whether an archive is a document: it holds its text where documents do."""
    return any(ENTRY.match(name) for name in names)


def is_own(name: str) -> bool:
    """Whether an entry of a document belongs to its making and is no file that somebody put there."""
    return _OWN.match(name) is not None


def is_sealed(name: str, xml: bytes) -> bool:
    """Whether an OpenDocument file says that it is encrypted."""
    return name == "META-INF/manifest.xml" and b"encryption-data" in xml


def markup(xml: bytes) -> tuple[str, str]:
    """The text of a part, and the text that it has without showing it."""
    if _VANISHED.search(xml) is None or _SHADED.search(xml) is not None:
        return plain(xml), ""
    hidden: list[bytes] = []

    def shown(found: re.Match[bytes]) -> bytes:
        run = found.group()
        if len(run) > _LONGEST_RUN or _VANISHED.search(run) is None:
            return run
        hidden.append(run)
        return b""

    left = _RUN.sub(shown, xml)
    return plain(left), plain(b" ".join(hidden))


def plain(xml: bytes) -> str:
    """Markup without its tags; only the five entities of XML are expanded, so no bomb goes off."""
    text = _TAGS.sub(b"", _BREAKS.sub(b"\n", xml)).decode("utf-8", "replace")
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, char)
    return re.sub(r"\n\s*\n", "\n", text).strip()


def targets(xml: bytes) -> str:
    """Where the links of a document lead."""
    return "\n".join(plain(found[1]) for found in _TARGET.finditer(xml) if _OUTSIDE.search(found.group()) is not None)


def old(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Old Office files: their runs of readable characters, of both widths."""
    if _SEAL in data or _SEALED_SLIDES in data or _is_locked(data):
        return "", ("encrypted",)
    wide = "\n".join(_READABLE.findall(data.decode("utf-16-le", "ignore")))
    narrow = "\n".join(run for run in _READABLE.findall(data.decode("latin-1")) if len(run) > 20)
    text = f"{narrow}\n{wide}"
    return (text, ()) if text.strip() else ("", ("unreadable",))


def _is_locked(data: bytes) -> bool:
    """Whether a document of Word says that it is encrypted, or a workbook of Excel does ([MS-DOC], [MS-XLS])."""
    for at in range(_SECTOR, min(len(data), 64 * _SECTOR), _SECTOR):
        if data.startswith(_WORD_BEGINS, at):
            (flags,) = struct.unpack_from("<H", data.ljust(at + 12, b"\0"), at + 10)
            return bool(flags & 0x0100)
        if data.startswith(_SHEET_BEGINS, at):
            return data[at + 20 : at + 22] == b"\x2f\x00"
    return False
