"""Documents that are ZIP archives of XML parts: Office Open XML (by its relationships) and OpenDocument.

Every entry of the archive is accounted for. XML parts that relationships reach are shown text; those that none
reaches are read as hidden text; all other entries are files inside the document.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.parsers import expat

from classifiers.extract.readers.fonts.glyph_runs import GlyphRuns
from classifiers.extract.readers.fonts.tables import is_font, with_key
from classifiers.extract.readers.office.cell_styles import read_styles
from classifiers.extract.readers.office.field_names import names_of_parts
from classifiers.extract.readers.office.spreadsheet import SharedStrings, read_sheet
from classifiers.extract.readers.orders.numbered import sentences_by_number
from classifiers.extract.readers.reading import ENCRYPTED, UNREADABLE, Budget, FileContent, InnerFile
from classifiers.extract.readers.xml.elements import XmlStyles
from classifiers.extract.readers.xml_text import read_xml
from gateway.core.mime.charsets.decoding import to_text

_OFFICE_ENTRY = re.compile(
    r"(?:\[content_types\]\.xml|_rels/\.rels|(?:word|ppt|xl)/[^/]+\.(?:xml|bin))\Z", re.IGNORECASE
)
_MANIFEST = "meta-inf/manifest.xml"
_XML = (".xml", ".vml", ".rdf")
_WITHOUT_TEXT = re.compile(
    r"(?:\[content_types\]\.xml|meta-inf/manifest\.xml|mimetype|.*/vbaproject\.bin|.*/printersettings\d*\.bin"
    r"|layout-cache|configurations2/.*|thumbnails/thumbnail\.(?:png|pdf)|docprops/thumbnail\.(?:jpe?g|emf|wmf|png)"
    r"|.*/calcchain\.xml)\Z"
)
"""Entries of the format itself: lists of parts, settings of printers, macros, previews of page 1."""
_WITHOUT_ATTRIBUTES = re.compile(
    r".*(?:/|\A)(?:styles(?:witheffects)?|theme/[^/]+|settings|websettings|fonttable|latentstyles)\.xml\Z"
)
"""Parts whose attributes are names of styles and fonts; their text and number formats are read all the same."""
_PROPERTIES = re.compile(r"docprops/app\.xml\Z")
_STYLES = re.compile(r"(?:.*/)?(?:styles|numbering)\.xml\Z")
"""Parts that say how others are shown."""
_SHEET = re.compile(r"xl/(?:worksheets|macrosheets|dialogsheets)/[^/]+\.xml\Z")
_OF_RECORDS = re.compile(r".*(?:comment|charts/|diagrams/data|footnotes|endnotes|visio/pages/page|\.fpage|custom\.xml)")
_MAX_RECORDS = 200_000
"""Parts whose records have numbers that tell their order, and bytes of one."""
_JOINED = re.compile(r"\"\s*+&\s*+\"")
_MIN_JOINED = 3
"""Texts that a formula joins from which they are read as one."""
_MAX_TARGETS = 5_000
_NAMED = re.compile(rb":(?:id|embed)\s{0,9}=\s{0,9}[\"']([^\"'<>]{1,100})")
_MAX_NAMING = 2_000_000
"""Bytes of a part in which the names of its targets are looked for."""
_FONT_KEY, _MAX_KEYS = b"fontKey", 100
_KEY = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
"""The key of an embedded font: in the list of fonts of a Word document, or in the name of a font of XPS."""
_PAGE = ".fpage"
_APP_NOISE = ("Microsoft ", "Normal", "false", "true", "LibreOffice/")


def is_document(names: Sequence[str]) -> bool:
    """Whether the names of an archive's entries are those of a document."""
    lowered = {name.lower() for name in names}
    if any(_OFFICE_ENTRY.match(name) for name in lowered):
        return True
    return _MANIFEST in lowered or "content.xml" in lowered


def kind_of_document(names: Sequence[str]) -> str:
    """The kind of a document, for its account."""
    lowered = [name.lower() for name in names]
    for folder, kind in (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx")):
        if any(name.startswith(folder) for name in lowered):
            return kind
    return "opendocument" if "content.xml" in lowered else "document"


@dataclass(slots=True)
class _Relationships:
    """The targets of one part: internal ones as part names, external ones as links."""

    internal: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    """The names of the internal ones in the part."""
    links: list[str] = field(default_factory=list)


class PackageReader:
    """Reads the parts of one document. `parts` maps names to bytes; names are compared without case."""

    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self._parts = {name.replace("\\", "/").lstrip("/").lower(): data for name, data in parts.items()}
        self._names = {name.replace("\\", "/").lstrip("/").lower(): name for name in parts}

    def read(self, content: FileContent, budget: Budget) -> Iterator[InnerFile]:
        """Add the text of all parts to a content, and return the files inside. Shown parts come first."""
        manifest = self._parts.get(_MANIFEST, b"")
        if b"encryption-data" in manifest:
            content.fail(ENCRYPTED, "an encrypted OpenDocument file")
        reached, links, types = self._reached()
        content.text.extend(links)
        styles, strings = XmlStyles(names=names_of_parts(self._parts)), SharedStrings()
        for name, data in self._parts.items():
            if _is_strings(name, types):
                strings.read(data)
            elif name == "xl/styles.xml":
                strings.styles = read_styles(data)
        order = {name: at for at, name in enumerate(reached or ())}
        names = sorted(self._parts, key=lambda name: (not _STYLES.match(name), order.get(name, len(order))))
        files: list[InnerFile] = []
        keys = tuple(self._keys())
        self._read_glyph_runs(content, budget, keys)
        for name in names:
            data = self._parts[name]
            if name.endswith("/vbaproject.bin"):
                content.fail(UNREADABLE, "macros, which may show anything")
            if name.endswith(".rels") or _WITHOUT_TEXT.match(name) or not data.strip(b"\0 \r\n"):
                continue
            if not _is_xml(name, data, types):
                files.append(self._file(name, data, types, keys))
                continue
            if budget.is_spent():
                content.fail("too_large", "more parts than are read")
                break
            is_shown = reached is None or name in reached
            files.extend(self._read_part(name, data, content, budget, styles, strings, is_shown, types))
        content.hidden += styles.lists.said()
        if strings.used and (unused := strings.unused()).strip():
            content.hidden.append(unused[: max(budget.characters, 0)])
        return iter(files)

    def _read_part(
        self, name: str, data: bytes, content: FileContent, budget: Budget, styles: XmlStyles, strings: SharedStrings,
        is_shown: bool, types: Mapping[str, str],
    ) -> Iterator[InnerFile]:  # fmt: skip
        part = FileContent("xml", failed=content.failed)
        is_sheet = _SHEET.match(name) is not None or "worksheet+xml" in types.get(name, "")
        has_hidden = is_sheet and read_sheet(data, strings, part, budget)
        files = read_xml(data, part, budget, styles, attributes=not _WITHOUT_ATTRIBUTES.match(name))
        if _OF_RECORDS.match(name) and len(data) <= _MAX_RECORDS:
            part.hidden += sentences_by_number(to_text(data))
        if is_sheet:  # the cells are in the first piece; the values among the rest repeat them
            part.text[1:] = [
                "\n".join(line for line in text.split("\n") if not line.strip().isdecimal()) for text in part.text[1:]
            ]
            part.hidden += [
                _JOINED.sub("", text) for text in part.text[1:] if len(_JOINED.findall(text)) >= _MIN_JOINED
            ]
        if has_hidden:
            part.text, part.hidden = part.text[:1], [*part.hidden, *part.text[1:]]
        if _is_strings(name, types) and strings.used:
            content.hidden += [*part.text, *part.hidden] if part.hidden else []
            return files
        if _PROPERTIES.match(name):
            part.text = [_without_app_noise(part.text)]
        (content.text if is_shown else content.hidden).extend(filter(None, part.text))
        content.hidden.extend(part.hidden)
        return files

    def _file(self, name: str, data: bytes, types: Mapping[str, str], keys: Sequence[str]) -> InnerFile:
        """A file inside the document; a font with the key undone that Word and XPS mix its first bytes with."""
        if is_font(font := with_key(data, (*_KEY.findall(name), *keys))):
            return InnerFile("", font)
        return InnerFile(self._names[name], data, types.get(name, ""))

    def _read_glyph_runs(self, content: FileContent, budget: Budget, keys: Sequence[str]) -> None:
        """What pages of XPS draw by the numbers of shapes, whatever their text says."""
        runs = GlyphRuns()
        for name, page in self._parts.items():
            if name.endswith(_PAGE):
                runs.add(page, posixpath.dirname(name))
        for font in runs.fonts():
            data = with_key(self._parts.get(font, b""), (*_KEY.findall(font), *keys))
            runs.read(font, data, content, budget.deadline)

    def _keys(self) -> Iterator[str]:
        """The keys of the fonts inside the document."""
        for name, data in self._parts.items():
            if name.endswith(_XML) and _FONT_KEY in data:
                yield from _KEY.findall(data[:_MAX_NAMING].decode("ascii", "replace"))[:_MAX_KEYS]

    def _reached(self) -> tuple[dict[str, None] | None, list[str], dict[str, str]]:
        """The parts that relationships reach (None if there are none at the root), external links, content types.

        The parts are in the order in which others name them, which is that of slides and sheets.
        """
        types = _content_types(self._parts.get("[content_types].xml", b""))
        for name in self._parts:
            if name not in types and (kind := types.get("*." + name.rpartition(".")[2])):
                types[name] = kind
        links: list[str] = []
        for name in self._parts:
            if name.endswith(".rels"):
                links.extend(self._relationships(name).links)
        waiting = self._relationships("_rels/.rels").internal
        if not any(name in self._parts for name in waiting):
            return None, links, types
        reached: dict[str, None] = {}
        while waiting and len(reached) < _MAX_TARGETS:
            name = waiting.pop()
            if name in reached or name not in self._parts:
                continue
            reached[name] = None
            folder, _, file = name.rpartition("/")
            found = self._relationships(posixpath.join(folder, "_rels", f"{file}.rels"))
            waiting.extend(reversed(_as_named(found, self._parts[name])))
        return reached, links, types

    def _relationships(self, name: str) -> _Relationships:
        found = _Relationships()
        data = self._parts.get(name)
        if data is None:
            return found
        base = posixpath.dirname(posixpath.dirname(name))

        def start(tag: str, attributes: dict[str, str]) -> None:
            target = attributes.get("Target", "")
            if tag.rpartition(":")[2] != "Relationship" or not target or len(found.internal) > _MAX_TARGETS:
                return
            if attributes.get("TargetMode", "").lower() == "external":
                found.links.append(target[:2000])
            else:
                path = unquote(target).replace("\\", "/").partition("#")[0]
                joined = path if path.startswith("/") else posixpath.join("/", base, path)
                found.internal.append(posixpath.normpath(joined).lstrip("/").lower())
                found.ids.append(attributes.get("Id", ""))

        _parse_elements(data, start)
        return found


def _as_named(relationships: _Relationships, part: bytes) -> list[str]:
    """The internal targets of a part in the order in which it names them, then the others."""
    places: dict[str, int] = {}
    if len(part) <= _MAX_NAMING:
        for found in _NAMED.finditer(part):
            places.setdefault(found[1].decode("utf-8", "replace"), found.start())
    named = zip(relationships.internal, relationships.ids, strict=True)
    return [target for target, _ in sorted(named, key=lambda item: places.get(item[1], len(part)))]


def _content_types(data: bytes) -> dict[str, str]:
    """The content types by part name; those of a suffix have the key "*.suffix"."""
    types: dict[str, str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "").lower()
        if name := attributes.get("PartName"):
            types[name.lstrip("/").lower()] = kind
        elif suffix := attributes.get("Extension"):
            types[f"*.{suffix.lower()}"] = kind

    _parse_elements(data, start)
    return types


def _parse_elements(data: bytes, start: object) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = start  # type: ignore[assignment]  # its type is that of one handler
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError):
        return


def _is_xml(name: str, data: bytes, types: Mapping[str, str]) -> bool:
    kind = types.get(name, "")
    if kind.endswith(("/html", "xhtml+xml", "/rtf", "/msword", "message/rfc822")):
        return False  # a document of another format, embedded as an alternative
    return name.endswith(_XML) or (kind.endswith("+xml") and data.lstrip()[:1] == b"<")


def _is_strings(name: str, types: Mapping[str, str]) -> bool:
    return name == "xl/sharedstrings.xml" or "sharedstrings+xml" in types.get(name, "")


def _without_numbers(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if any(map(str.isalpha, line)) or not line.isascii())


def _without_app_noise(text: Sequence[str]) -> str:
    """The properties that people write: no versions and counts, no name of the program or template."""
    lines = [line for piece in text for line in piece.split("\n")]
    return "\n".join(line for line in lines if any(map(str.isalpha, line)) and not line.startswith(_APP_NOISE))
