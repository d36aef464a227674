"""Text files in the form that a program gives them: a page, XML, a table, a mail, subtitles, or lines."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote_to_bytes

from classifiers.extract.armor import has_encrypted_message
from classifiers.extract.files_inside import files_inside
from classifiers.extract.readers.encoded_files import decoded_file, files_in_text
from classifiers.extract.readers.fields import is_fields, read_fields
from classifiers.extract.readers.html_files import embedded_files, read_html_file, read_mail_page, unescape_script
from classifiers.extract.readers.mail_files import is_mail, read_mail_file
from classifiers.extract.readers.office.formulas import lines_of_table
from classifiers.extract.readers.orders.texts import other_orders
from classifiers.extract.readers.plain_text import decoded, read_enriched, read_text
from classifiers.extract.readers.reading import (
    ENCRYPTED,
    INCOMPLETE,
    PICTURED,
    UNREADABLE,
    Budget,
    FileContent,
    InnerFile,
)  # fmt: skip
from classifiers.extract.readers.records import (
    columns,
    columns_that_speak,
    fields_of_json,
    fields_of_lines,
    pages_in_json,
    put_first,
    read_subtitles,
    without_signs,
    words_of_formulas,
)
from classifiers.extract.readers.xml.drawn_lines import draws_in_subtitles, draws_lines, without_lines
from classifiers.extract.readers.xml_text import read_xml
from gateway.core.mime.html import read_html
from gateway.core.mime.transfer import decode

_PARTIAL_MESSAGE, _EXTERNAL_BODY = "message/partial", "message/external-body"
_PARSED_TYPES = frozenset({"application/pdf", "application/zip", "application/x-zip-compressed"})
_PARSED_SUFFIXES = tuple(".pdf .zip .docx .xlsx .pptx .odt .ods .odp .doc .xls .ppt .7z .rar".split())
_ENRICHED_TYPES = frozenset(("text/enriched", "text/richtext"))
_MARKUP_TAG = re.compile(r"<[^<>]*>")
_MIN_TAGS = 3
_TAGS = re.compile(r"</|<!--|<(?:br|wbr|hr|img|p|li|td|tr)\b", re.IGNORECASE)
"""What is counted of tags: their ends, and those that need none."""
_POSTSCRIPT_STRING = re.compile(r"\(((?:[^()\\]|\\.)*+)\)?", re.DOTALL)
_POSTSCRIPT, _MAX_START = re.compile(r"^\W?%!PS", re.MULTILINE), 2_000
"""The first line of a program that draws, which commands for a printer may precede."""
_BITMAP = re.compile(r"\bchar \w{0,100}_bits\[\w{0,20}\] ?= ?\{")
_SUBTITLE_SUFFIXES = (".srt", ".vtt", ".lrc", ".ass", ".ssa", ".sbv", ".sub")
_HTML_TYPES = frozenset(("text/html", "application/xhtml+xml", "application/hta"))
_MAIL_PAGE_TYPES = frozenset(("text/x-amp-html", "text/watch-html", "text/x-watch-html"))
_HTML_SUFFIXES = (".html", ".htm", ".xhtml", ".xht", ".shtml", ".hta")
_HTML_START = re.compile(
    r"\s{0,200}(?:<!--|<!doctype html|<html|<head|<body|<script|<iframe|<meta|<svg:?html)", re.IGNORECASE
)
_XML_START = re.compile(r"\s{0,200}<(?:\?xml|svg|mxfile|[\w-]{1,40}:[\w-]{1,40}[\s>]|!DOCTYPE (?!html))", re.IGNORECASE)
_XML_SUFFIXES = tuple(
    ".xml .svg .fodt .fods .fodp .rels .xsl .kml .gpx .rss .opml .plist .drawio .musicxml .mm .fb2 .enex .ttml".split()
)
_JSON_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"?', re.DOTALL)
_LETTER = re.compile(r"[^\W\d_]")
_MAX_STRINGS, _MAX_DIAGRAM = 20_000, 1_000_000
_TABLE_TYPES = frozenset(("text/csv", "text/tab-separated-values"))
_DIAGRAM = re.compile(r"<diagram\b[^<>]{0,500}>\s*+([A-Za-z0-9+/=\s]{20,}+)</diagram>")
_PAGE_MARKS = ("<style", "http://www.w3.org/1999/xhtml", "xml-stylesheet")
"""What XML has that a browser shows as a page."""
_SOURCE_SUFFIXES = (".txt", ".text", ".log")
"""Ends of the names of files that programs show as they are, whatever is in them."""
_ENTITY, _ESCAPED = "<!ENTITY", re.compile(r"\\[ux][0-9a-fA-F]{2}")


def read_text_file(media_type: str, name: str, data: bytes, budget: Budget) -> FileContent:
    """What a program shows of a text file, and what its words say in another order. `name` is in small letters."""
    source = decoded(data)
    content = _in_form(media_type, name, data, source, budget)
    as_it_is = [source] if content.kind in ("html", "xml") and is_shown_as_source(name) else []
    content.hidden = [*content.hidden, *as_it_is, *other_orders(source)]
    return content


def is_shown_as_source(name: str) -> bool:
    """Whether programs show a file of this name as it is, with the tags and attributes of a page."""
    return name.lower().endswith(_SOURCE_SUFFIXES)


def _in_form(media_type: str, name: str, data: bytes, text: str, budget: Budget) -> FileContent:
    """A text in the form that its type, its name or its beginning tells: a mail, a page, XML, subtitles, or any.

    `text` is the decoded `data`.
    """
    if is_fields(data):
        return read_fields(data)
    if media_type in (_PARTIAL_MESSAGE, _EXTERNAL_BODY):
        return _unfinished_mail(media_type, data)
    if is_mail(data, media_type, name):
        return read_mail_file(data)
    if media_type in _ENRICHED_TYPES:
        return read_enriched(text)
    if name.endswith(_SUBTITLE_SUFFIXES) or text.startswith("WEBVTT"):
        words, tags = read_subtitles(text)
        is_drawing = draws_in_subtitles(text)
        return FileContent("subtitles", [words], tags, {PICTURED: "lines that may be words"} if is_drawing else {})
    if media_type in _MAIL_PAGE_TYPES:
        return read_mail_page(text)
    if media_type in _HTML_TYPES or name.endswith(_HTML_SUFFIXES) or _HTML_START.match(text):
        return _page(text, data, budget)
    if media_type.endswith(("/xml", "+xml")) or name.endswith(_XML_SUFFIXES) or _XML_START.match(text):
        return _xml(text, data, budget)
    return _lines(media_type, name, data, text)


def _unfinished_mail(media_type: str, data: bytes) -> FileContent:
    """A part of a message, or the header of one that is elsewhere."""
    content = read_text(data)
    if media_type == _PARTIAL_MESSAGE:
        content.fail(INCOMPLETE, "a part of a message")
    else:
        content.fail(UNREADABLE, "a message elsewhere")
    content.files = [InnerFile("", data, "message/rfc822")] if is_mail(data, "message/rfc822", "") else []
    return content


def _page(text: str, data: bytes, budget: Budget) -> FileContent:
    content = read_html_file(text)
    if _ENTITY in text:  # a browser that takes it for XML replaces the names of texts by the texts
        as_xml = FileContent("xml")
        content.files = [*content.files, *read_xml(data, as_xml, budget, fields=True)]
        content.hidden += [*as_xml.text, *as_xml.hidden]
        content.failed = as_xml.failed | content.failed
    return content


def _xml(text: str, data: bytes, budget: Budget) -> FileContent:
    content = FileContent("xml")
    content.files = [*read_xml(data, content, budget, fields=True), *_packed_diagrams(text)]
    content.files += (InnerFile("", file) for file in files_in_text(text))
    if any(mark in text for mark in _PAGE_MARKS):  # a browser shows it, with its styles
        page = read_html(text)
        content.hidden += [page.shown, page.hidden]
        content.files += [InnerFile("", file.data, file.media_type) for file in page.embedded]
    return content


def _lines(media_type: str, name: str, data: bytes, text: str) -> FileContent:
    """A text of any other form: what its lines say, and what some program makes of them."""
    content = read_text(data)
    if media_type in _TABLE_TYPES or name.endswith((".csv", ".tsv")):
        content.hidden += ["\n".join(columns(text)), *words_of_formulas(text), *lines_of_table(text)]
    else:
        content.hidden += columns_that_speak(text)
    content.hidden += without_signs(text)
    put_first(fields_of_lines(text), content)
    _add_markup(text, content)
    _add_drawings(text, content)
    if text[:1] in "[{":
        strings = " ".join(filter(_LETTER.search, _JSON_STRING.findall(text)[:_MAX_STRINGS]))
        content.hidden.append(unescape_script(strings) if "\\" in strings else strings)
        put_first(fields_of_json(text), content)
    elif inner := decoded_file(data):
        letters = content.text if data.isalpha() else []  # words that run together may be base64 by chance
        return FileContent(content.kind, letters, content.hidden, content.failed, [InnerFile("", inner)])
    if has_encrypted_message(text):
        content.fail(ENCRYPTED, "an encrypted message in a text")
    elif media_type in _PARSED_TYPES or name.endswith(_PARSED_SUFFIXES):
        content.fail(UNREADABLE, "broken, or disguised as another type")
    if _ESCAPED.search(text):
        content.hidden.append(unescape_script(text))
    content.files = [*list(files_inside(data))[:1], *(embedded_files(text) if ";base64," in text else ())]
    content.files += [*(InnerFile("", file) for file in files_in_text(text)), *pages_in_json(text)]
    return content


def _add_markup(text: str, content: FileContent) -> None:
    """Read a text that has tags as a program shows it, too."""
    if "<" in text and len(_TAGS.findall(text)) >= _MIN_TAGS:  # what a program shows of it, before its source
        page = read_html(text)
        content.text, content.hidden = [page.shown], [*content.hidden, page.hidden, *content.text]
    if text[:1] == "<" and text.count("</") >= _MIN_TAGS:  # markup of some program: with tags, and without
        content.hidden.append(unescape(_MARKUP_TAG.sub("\n", text)))


def _add_drawings(text: str, content: FileContent) -> None:
    """Report a text that some program draws, and read the words in it."""
    if _POSTSCRIPT.search(text[:_MAX_START]):
        content.hidden.append(" ".join(_POSTSCRIPT_STRING.findall(text)))
        content.fail(UNREADABLE, "a program that draws text")
    elif _BITMAP.search(text):
        content.fail(PICTURED, "a picture in the source of a program")
    elif draws_lines(text):
        content.fail(PICTURED, "a drawing in numbers")
        content.text = [without_lines(text)]


def _packed_diagrams(xml: str) -> Iterator[InnerFile]:
    """The pages of a diagram of draw.io: deflated, percent-encoded XML in base64."""
    for found in _DIAGRAM.finditer(xml):
        unpacker = zlib.decompressobj(-15)
        page = unpacker.decompress(decode("base64", found[1].encode()), _MAX_DIAGRAM)
        yield InnerFile("", unquote_to_bytes(page), "application/xml")
