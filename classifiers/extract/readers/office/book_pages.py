"""The pages of a book or of a saved web page in an archive: in the order of reading, with their style sheets in them.

Only those rules of a style sheet are kept that may change which words are seen, and in which order.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from html import unescape
from urllib.parse import unquote

from classifiers.extract.readers.fonts.tables import with_key_of_book
from classifiers.extract.readers.reading import InnerFile

_PAGES = (".xhtml", ".html", ".htm", ".xht")
_LINK = re.compile(r"<(?:link|\?xml-stylesheet)\b([^<>]{0,1000})>", re.IGNORECASE)
_HREF = re.compile(
    r"\bhref\s{0,9}=\s{0,9}(?:\"([^\"<>]{1,500})\"|'([^'<>]{1,500})'|([^\s\"'<>]{1,500}))", re.IGNORECASE
)
_IMPORT = re.compile(r"@import\s{1,9}(?:url\(\s{0,9})?[\"']?([^\"'();\s]{1,500})", re.IGNORECASE)
_REMARK = re.compile(r"/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?")
_TELLS = re.compile(
    r"\b(?:position|content|order|direction|visibility|opacity|transform|translate|rotate|scale|counter-[a-z]{3,9}"
    r"|unicode-bidi|writing-mode|clip(?:-path)?|grid|grid-[a-z-]{1,20}|flex-direction|columns?|all|text-indent"
    r"|text-transform|offset|inset|mask|zoom|-webkit-text-security)\s{0,9}:"
    r"|\bfloat\s{0,9}:\s{0,9}(?:right|inline-end)"
    r"|\bdisplay\s{0,9}:\s{0,9}(?:none|flex|grid|inline-flex|contents|table|run-in)"
    r"|\bfont(?:-size)?\s{0,9}:[^;]{0,40}?(?<![\d.])(?:[0-3](?:\.\d{1,9})?(?:px|pt)|0?\.[0-3]\d{0,9}r?em|1?\d%|0)(?![\d.%a-z])"
    r"|\bcolor\s{0,9}:\s{0,9}(?:#f[0-9a-f]f|#f[0-9a-f]f[0-9a-f]f|white|transparent|rgb|hsl)"
    r"|\b(?:width|height|max-width|max-height|line-height)\s{0,9}:\s{0,9}[01]?(?:px|pt|em|%)?\s{0,9}(?:;|$)"
    r"|\blist-style(?:-type)?\s{0,9}:[^;]{0,40}?(?:alpha|latin|roman|[\"'])",
    re.IGNORECASE,
)
"""A declaration that may change which words are seen, and where."""
_NAME = re.compile(r"[.#]([\w-]{1,100})")
_SPINE = re.compile(rb"<(?:\w{1,20}:)?(item|itemref)\b([^<>]{0,2000})>")
_ATTRIBUTE = re.compile(rb"\b(id|idref|href|linear)\s{0,9}=\s{0,9}[\"']([^\"'<>]{0,500})")
_ENCRYPTION = "meta-inf/encryption.xml"
_FONTS = (".ttf", ".otf", ".woff", ".woff2", ".obf")
_IDENTIFIER, _MAX_IDENTIFIERS = re.compile(rb"<(?:\w{1,20}:)?identifier\b[^<>]{0,500}>([^<>]{1,500})<"), 20
_BODY = re.compile(r"<body\b[^<>]{0,2000}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_MIN_PAGES, _SHORT_PAGE = 6, 24
"""Pages of a book from which they are read as one text, and characters of one that is a word or two."""
_MAX_SHEET, _MAX_RULES = 1_000_000, 60_000


def has_pages(names: Iterable[str]) -> bool:
    """Whether an archive, by the names of its entries, holds pages with style sheets or the list of a book."""
    return any(name.lower().endswith((".css", ".opf")) for name in names)


def in_reading_order(files: Iterable[InnerFile]) -> Iterator[InnerFile]:
    """The entries of an archive, its pages with their style sheets, those of a book in their order and first."""
    entries = _with_plain_fonts(list(files))
    sheets = {
        _normal(entry.name): entry.data.decode("utf-8", "replace")
        for entry in entries
        if entry.name.lower().endswith(".css") and len(entry.data) <= _MAX_SHEET
    }
    rules = {name: _telling_rules(name, sheet, sheets) for name, sheet in sheets.items()}
    order = {name: at for at, name in enumerate(dict.fromkeys(_spine(entries)))}
    pages: list[str] = []
    for entry in sorted(entries, key=lambda entry: order.get(_normal(entry.name), len(order))):
        if entry.name.lower().endswith(_PAGES):
            page = entry.data.decode("utf-8", "replace")
            if not order or _normal(entry.name) in order:
                pages.append(page)
            if styled := _with_sheets(page, posixpath.dirname(entry.name), rules):
                yield InnerFile(entry.name, styled.encode("utf-8", "replace"), entry.media_type)
                continue
        yield entry
    if said := _said_by_pages(pages):
        yield InnerFile("", said.encode("utf-8", "replace"), "text/plain")


def _with_plain_fonts(entries: list[InnerFile]) -> list[InnerFile]:
    """The entries of a book, its fonts with the key undone that is made of the identifier of the book."""
    if not any(_normal(entry.name) == _ENCRYPTION for entry in entries):
        return entries
    identifiers = [
        unescape(found.decode("utf-8", "replace"))
        for entry in entries
        if entry.name.lower().endswith(".opf")
        for found in _IDENTIFIER.findall(entry.data)[:_MAX_IDENTIFIERS]
    ]
    return [
        replace(entry, data=with_key_of_book(entry.data, identifiers))
        if entry.name.lower().endswith(_FONTS) else entry
        for entry in entries
    ]  # fmt: skip


def _normal(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/")).lower()


def _linked(folder: str, link: str) -> str:
    return _normal(posixpath.join(folder, unquote(unescape(link)).partition("#")[0]))


def _telling_rules(name: str, sheet: str, sheets: Mapping[str, str]) -> str:
    """The rules of a style sheet, and of those that it imports, which may change what is seen."""
    imported = (sheets.get(_linked(posixpath.dirname(name), found), "") for found in _IMPORT.findall(sheet[:10_000]))
    kept: list[str] = []
    left = _MAX_RULES
    for source in (*imported, sheet):
        for rule in _REMARK.sub("", source).split("}"):
            head, _, declarations = rule.rpartition("{")
            if _TELLS.search(declarations):
                rule = f"{head.rpartition('{')[2].rpartition(';')[2]}{{{declarations}}}"
                kept.append(" ".join(rule.split("\n")))
                left -= len(kept[-1])
            if left < 0:
                break
    return "\n".join(kept)


def _with_sheets(page: str, folder: str, rules: Mapping[str, str]) -> str:
    """A page with its style sheets in it; "" if it has none that tell anything."""
    links = (_HREF.search(found) for found in _LINK.findall(page))
    names = (_linked(folder, link[1] or link[2] or link[3]) for link in links if link is not None)
    found = (rule for name in dict.fromkeys(names) for rule in rules.get(name, "").split("\n"))
    style = "\n".join(rule for rule in found if rule and _may_fit(rule, page))
    if not style:
        return ""
    body = _BODY.search(page)
    at = body.start() if body else 0
    return f"{page[:at]}<style>{style.replace('</', '')}</style>{page[at:]}"


def _may_fit(rule: str, page: str) -> bool:
    """Whether a page has one of the classes or names that a rule is for."""
    names = _NAME.findall(rule.partition("{")[0])
    return not names or any(name in page for name in names)


def _spine(entries: Iterable[InnerFile]) -> Iterator[str]:
    """The names of the pages of a book as its list gives them."""
    for entry in entries:
        if not entry.name.lower().endswith(".opf"):
            continue
        places: dict[bytes, str] = {}
        for kind, found in _SPINE.findall(entry.data):
            given = dict(_ATTRIBUTE.findall(found))
            if kind == b"item":
                places[given.get(b"id", b"")] = given.get(b"href", b"").decode("utf-8", "replace")
            elif (link := places.get(given.get(b"idref", b""))) and given.get(b"linear") != b"no":
                yield _linked(posixpath.dirname(entry.name), link)


def _said_by_pages(pages: list[str]) -> str:
    """What the pages of a book say together if they are a word or two each."""
    if len(pages) < _MIN_PAGES:
        return ""
    texts = (_BODY.split(page, maxsplit=1)[-1] for page in pages)
    words = [" ".join(unescape(_TAG.sub(" ", text)).split()) for text in texts]
    return " ".join(words) if sum(map(len, words)) <= _SHORT_PAGE * len(words) else ""
