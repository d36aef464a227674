"""The text of attached files, and the account of each: what was read, what was not, and why.

The type of a file is detected from its bytes, not from its name. A reader for the type returns text, hidden text, the
files inside, and what it could not read; the files inside are read the same way. Nothing is judged from a file that is
not understood: it is reported. A budget bounds characters, time, unpacked bytes, files and nesting.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import unquote_to_bytes

from classifiers.extract import file_types as kinds
from classifiers.extract import ocr
from classifiers.extract.armor import is_verified_armor, words_in_armor
from classifiers.extract.file_types import FileType
from classifiers.extract.parser_errors import PARSER_ERRORS
from classifiers.extract.readers import signatures
from classifiers.extract.readers.archives import read_compressed, read_tar, read_zip, words_of_names
from classifiers.extract.readers.binary_files import read_film, read_font
from classifiers.extract.readers.encoded_files import decoded_file, files_in_text
from classifiers.extract.readers.fields import is_fields, read_fields
from classifiers.extract.readers.fonts.private_letters import look_for_private_letters
from classifiers.extract.readers.html_files import embedded_files, read_html_file, read_mail_page, unescape_script
from classifiers.extract.readers.mail_files import is_mail, read_mail_file
from classifiers.extract.readers.office.compound_file import read_compound, unpack_package
from classifiers.extract.readers.office.formulas import lines_of_table
from classifiers.extract.readers.office.winmail import read_winmail
from classifiers.extract.readers.orders.texts import other_orders
from classifiers.extract.readers.pdf.document import find_pdf, read_pdf
from classifiers.extract.readers.pictures import may_show_words, read_picture
from classifiers.extract.readers.plain_text import decoded, read_enriched, read_text
from classifiers.extract.readers.reading import (
    ENCRYPTED,
    INCOMPLETE,
    MAX_FILE,
    PICTURED,
    TOO_LARGE,
    UNREADABLE,
    FileAccount,
    FileContent,
    InnerFile,
)  # fmt: skip
from classifiers.extract.readers.reading import Budget as Budget
from classifiers.extract.readers.records import (
    columns,
    columns_that_speak,
    fields_of_json,
    fields_of_lines,
    keep_sentences,
    pages_in_json,
    put_first,
    read_subtitles,
    sentences_in,
    without_signs,
    words_of_formulas,
)
from classifiers.extract.readers.rtf.document import read_rtf
from classifiers.extract.readers.seven_zip import read_seven_zip
from classifiers.extract.readers.words_in_values import has_words
from classifiers.extract.readers.xml.drawn_lines import draws_in_subtitles, draws_lines, without_lines
from classifiers.extract.readers.xml_text import read_xml
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.html import read_html
from gateway.core.mime.transfer import decode

MAX_DEPTH = 5

_SIGNATURE_TYPES = frozenset(("application/pkcs7-signature", "application/x-pkcs7-signature"))
_PGP_TYPES = frozenset(("application/pgp-signature", "application/pgp-keys"))
_ENCRYPTED_TEXT = re.compile(r"^-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED FILE)-----", re.MULTILINE)
_ENCRYPTED_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PARTIAL_MESSAGE, _EXTERNAL_BODY = "message/partial", "message/external-body"
_PARSED_TYPES = frozenset({"application/pdf", "application/zip", "application/x-zip-compressed"})
_PARSED_SUFFIXES = tuple(".pdf .zip .docx .xlsx .pptx .odt .ods .odp .doc .xls .ppt .7z .rar".split())
_ENRICHED_TYPES = frozenset(("text/enriched", "text/richtext"))
_MARKUP_TAG = re.compile(r"<[^<>]*>")
_MIN_TAGS = 3
_MIN_CELLS = 8
"""Cells of a table from which its columns are read."""
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
_ENTITY, _ESCAPED = "<!ENTITY", re.compile(r"\\[ux][0-9a-fA-F]{2}")
_LONG_BLANK = re.compile(r"[ \t\xa0\0]{16,}+")
ExtractedText = tuple[str, tuple[str, ...]]


def extract_text(
    media_type: str, filename: str, data: bytes, budget: Budget, depth: int = 0, path: str = ""
) -> ExtractedText:
    """The text of a file, and the words for `failed` of what could not be read. Never raises.

    `path` is the name of the file around it. The account of the file is added to the budget.
    """
    name = f"{path}/{filename}" if path else filename
    content = FileContent("file")
    text = ""
    failed: dict[str, str] = {}
    try:
        content = _read(media_type, filename.lower(), data, budget, depth)
        text = _within(content, budget)
        account = FileAccount(budget.part, name, content.kind, len(data), len(text))
        pieces = [text] if text.strip() else []
        names = []
        for inner in content.files:
            more = _extract_inner(inner, budget, depth, name or content.kind, content)
            if more is None:
                break
            named = filename_words(inner.name, all_folders=content.kind in _ARCHIVES)
            names.append(inner.name)
            pieces.extend(filter(str.strip, (named, more[0])))
            failed.update(dict.fromkeys(more[1], "a file inside"))
        budget.add_hidden("\n".join(words_of_names(names)))
        text = "\n".join(pieces)
    except PARSER_ERRORS as error:  # a broken file must not affect the rest of its message
        content.fail(UNREADABLE, f"broken ({type(error).__name__})")
        account = FileAccount(budget.part, name, content.kind, len(data), len(text))
    word, reason = next(iter(content.failed.items()), ("", ""))
    budget.accounts.append(
        FileAccount(account.part, account.path, account.kind, account.size, account.read_characters, word, reason)
    )
    return text, tuple(dict.fromkeys((*content.failed, *failed)))


def _extract_inner(
    inner: InnerFile, budget: Budget, depth: int, path: str, content: FileContent
) -> ExtractedText | None:
    """The text of a file inside another one; None if no more are read."""
    budget.files -= 1
    if budget.is_spent():
        content.fail(TOO_LARGE, "more files than are read")
        return None
    return extract_text(inner.media_type, inner.name, inner.data, budget, depth + 1, path)


def _within(content: FileContent, budget: Budget) -> str:
    """The shown text of a content within the budget; its hidden text is added to the budget's."""
    text = _LONG_BLANK.sub("  ", "\n".join(piece for piece in content.text if piece.strip()))
    left = max(budget.characters, 0)
    if len(text) > left:
        text = text[:left]
        content.fail(TOO_LARGE, "more text than is read")
    budget.characters -= len(text)
    look_for_private_letters(text, content)
    if text.count("\t") >= _MIN_CELLS:
        content.hidden += keep_sentences(columns(text, "\t"))
    hidden = "\n".join(piece for piece in content.hidden if piece.strip())
    if len(hidden) > max(budget.characters, 0):
        content.fail(TOO_LARGE, "more text than is read")
    budget.add_hidden(hidden)
    return text


def has_encrypted_message(text: str) -> bool:
    """Whether a text contains an encrypted message."""
    return _ENCRYPTED_TEXT.search(text) is not None


def _read(media_type: str, name: str, data: bytes, budget: Budget, depth: int) -> FileContent:
    if not data.strip(b"\0 \r\n"):
        return FileContent("empty")
    if _is_signature(media_type, data):
        return FileContent("signature", hidden=[*sentences_in(data), *words_in_armor(to_text(data))])
    if media_type in _ENCRYPTED_TYPES or name.endswith((".p7m", ".gpg", ".pgp")):
        return _failed("encrypted", ENCRYPTED, "an encrypted or sealed message")
    if len(data) > MAX_FILE or depth > MAX_DEPTH or budget.is_spent():
        is_deep = depth > MAX_DEPTH
        return _failed(
            "file", UNREADABLE if is_deep else TOO_LARGE, "nested too deep" if is_deep else "beyond the limits"
        )
    if media_type == "application/x-ole-package" and (package := unpack_package(data)) is not None:
        return FileContent("package", files=[package])
    kind = kinds.detect_file_type(data)
    if kind is FileType.TEXT:
        content = _text(media_type, name, data, budget)
        content.hidden = [*content.hidden, *other_orders(decoded(data))]
        return content
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(data, name, budget)
    encrypted = _failed("encrypted", ENCRYPTED, "an encrypted file")
    return encrypted if kind is FileType.ENCRYPTED else _unknown(kind, data)


def _failed(kind: str, word: str, reason: str) -> FileContent:
    content = FileContent(kind)
    content.fail(word, reason)
    return content


def _unknown(kind: FileType, data: bytes) -> FileContent:
    """A file that is not understood. A PDF or an archive inside it is read all the same."""
    content = _failed(kind, UNREADABLE, "not understood")
    content.files = list(_files_inside(data))
    return content


def _files_inside(data: bytes) -> Iterator[InnerFile]:
    """A PDF or an archive that stands inside other bytes, and the bytes before it."""
    at = find_pdf(data)
    if at < 0 and kinds.has_appended_archive(data):
        at = data.find(b"PK\x03\x04")
    if at > 0:
        yield from (InnerFile("", data[at:]), InnerFile("", data[:at]))


_MIN_FOLDERS = 3
"""Folders around a file whose names are read with its own."""
_ARCHIVES = frozenset(("zip", "tar", "7z"))
"""Kinds of files whose folders somebody named."""
_MAX_NAME = 70
"""Characters of a file name from which it is read as a sentence."""
_SUFFIX, _NAME_WORD = re.compile(r"(?<=[^\s.])\.[A-Za-z0-9]{1,10}$"), re.compile(r"[^\W\d_]{2,}")
_GENERIC_NAME_WORDS = frozenset(
    "image img photo picture screenshot screen shot scan doc document file attachment untitled copy outlook logo "
    "noname smime winmail invite calendar signature foto imagen documento word media text txt pdf docx version".split()
)


def filename_words(filename: str, *, all_folders: bool = False) -> str:
    """The words of a file name; "" if it is a generic one such as `image001.png`."""
    *folders, name = filename.split("/")
    if not all_folders and len(folders) < _MIN_FOLDERS:
        folders = [folder for folder in folders if has_words(folder)]
    stem = " ".join((*folders, name))
    if len(stem) > _MAX_NAME:
        return stem
    words = _NAME_WORD.findall(_SUFFIX.sub("", stem) or stem)
    return " ".join(words) if any(word.lower() not in _GENERIC_NAME_WORDS for word in words) else ""


def _packed_diagrams(xml: str) -> Iterator[InnerFile]:
    """The pages of a diagram of draw.io: deflated, percent-encoded XML in base64."""
    for found in _DIAGRAM.finditer(xml):
        unpacker = zlib.decompressobj(-15)
        page = unpacker.decompress(decode("base64", found[1].encode()), _MAX_DIAGRAM)
        yield InnerFile("", unquote_to_bytes(page), "application/xml")


def _is_signature(media_type: str, data: bytes) -> bool:
    if media_type in _SIGNATURE_TYPES:
        return signatures.is_der(data)
    if media_type not in _PGP_TYPES:
        return False
    return signatures.is_packets(data) or (kinds.looks_like_text(data) and is_verified_armor(decoded(data)))


def _picture(data: bytes, _: str, budget: Budget) -> FileContent:
    """A picture. Its words are read if the extra is installed; else it is reported, unless it cannot show any."""
    content, shows_words = read_picture(data)
    if shows_words:
        _read_words(data, content, budget)
    elif UNREADABLE in content.failed:
        content.files = [*content.files, *_files_inside(data)]
    return content


def _read_words(data: bytes, content: FileContent, budget: Budget) -> None:
    if not ocr.is_available():
        content.fail(PICTURED, "a picture whose words nobody read")
        return
    if budget.pictures <= 0 or budget.is_spent():
        content.fail(PICTURED, "more pictures than are read")
        return
    budget.pictures -= 1
    text, failed = ocr.read_words(data, budget.deadline)
    content.text.append(text)
    for word in failed:
        content.fail(PICTURED if word == TOO_LARGE else word, "a picture whose words could not be read")


def _pdf(data: bytes, _: str, budget: Budget) -> FileContent:
    words: list[str] = []

    def picture(image: bytes) -> bool:
        found = FileContent("picture")
        if may_show_words(image):
            _read_words(image, found, budget)
        words.extend(found.text)
        return not found.failed

    content = read_pdf(data, budget, picture)
    content.text.extend(words)
    return content


def _text(media_type: str, name: str, data: bytes, budget: Budget) -> FileContent:
    if is_fields(data):
        return read_fields(data)
    if media_type in (_PARTIAL_MESSAGE, _EXTERNAL_BODY):
        content = read_text(data)
        is_partial = media_type == _PARTIAL_MESSAGE
        content.fail(
            INCOMPLETE if is_partial else UNREADABLE, "a part of a message" if is_partial else "a message elsewhere"
        )
        content.files = [InnerFile("", data, "message/rfc822")] if is_mail(data, "message/rfc822", "") else []
        return content
    if is_mail(data, media_type, name):
        return read_mail_file(data)
    text = decoded(data)
    if media_type in _ENRICHED_TYPES:
        return read_enriched(text)
    if name.endswith(_SUBTITLE_SUFFIXES) or text.startswith("WEBVTT"):
        words, tags = read_subtitles(text)
        is_drawing = draws_in_subtitles(text)
        return FileContent("subtitles", [words], tags, {PICTURED: "lines that may be words"} if is_drawing else {})
    if media_type in _MAIL_PAGE_TYPES:
        return read_mail_page(text)
    if media_type in _HTML_TYPES or name.endswith(_HTML_SUFFIXES) or _HTML_START.match(text):
        content = read_html_file(text)
        if _ENTITY in text:  # a browser that takes it for XML replaces the names of texts by the texts
            as_xml = FileContent("xml")
            content.files = [*content.files, *read_xml(data, as_xml, budget, fields=True)]
            content.hidden += [*as_xml.text, *as_xml.hidden]
            content.failed = as_xml.failed | content.failed
        return content
    if media_type.endswith(("/xml", "+xml")) or name.endswith(_XML_SUFFIXES) or _XML_START.match(text):
        content = FileContent("xml")
        content.files = [*read_xml(data, content, budget, fields=True), *_packed_diagrams(text)]
        content.files += (InnerFile("", file) for file in files_in_text(text))
        if any(mark in text for mark in _PAGE_MARKS):  # a browser shows it, with its styles
            page = read_html(text)
            content.hidden += [page.shown, page.hidden]
            content.files += [InnerFile("", file.data, file.media_type) for file in page.embedded]
        return content
    content = read_text(data)
    if media_type in _TABLE_TYPES or name.endswith((".csv", ".tsv")):
        content.hidden += ["\n".join(columns(text)), *words_of_formulas(text), *lines_of_table(text)]
    else:
        content.hidden += columns_that_speak(text)
    content.hidden += without_signs(text)
    put_first(fields_of_lines(text), content)
    if text.count("</") + text.count("<!--") >= _MIN_TAGS:  # what a program shows of it, before its source
        page = read_html(text)
        content.text, content.hidden = [page.shown], [*content.hidden, page.hidden, *content.text]
    if text[:1] == "<" and text.count("</") >= _MIN_TAGS:  # markup of some program: with tags, and without
        content.hidden.append(unescape(_MARKUP_TAG.sub("\n", text)))
    if _POSTSCRIPT.search(text[:_MAX_START]):
        content.hidden.append(" ".join(_POSTSCRIPT_STRING.findall(text)))
        content.fail(UNREADABLE, "a program that draws text")
    elif _BITMAP.search(text):
        content.fail(PICTURED, "a picture in the source of a program")
    elif draws_lines(text):
        content.fail(PICTURED, "a drawing in numbers")
        content.text = [without_lines(text)]
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
    content.files = [*list(_files_inside(data))[:1], *(embedded_files(text) if ";base64," in text else ())]
    content.files += [*(InnerFile("", file) for file in files_in_text(text)), *pages_in_json(text)]
    return content


_READERS: dict[FileType, Callable[[bytes, str, Budget], FileContent]] = {
    FileType.PDF: _pdf,
    FileType.ARCHIVE: lambda data, _, budget: read_zip(data, budget),
    FileType.LEGACY_OFFICE: lambda data, _, budget: read_compound(data, budget),
    FileType.PICTURE: _picture,
    FileType.FONT: lambda data, _, budget: read_font(data, budget.deadline),
    FileType.AUDIO_VIDEO: lambda data, _name, _budget: read_film(data),
    FileType.COMPRESSED: read_compressed,
    FileType.SEVEN_ZIP: lambda data, _, budget: read_seven_zip(data, budget),
    FileType.TAR: lambda data, _, budget: read_tar(data, budget),
    FileType.WINMAIL: lambda data, _name, _budget: read_winmail(data),
    FileType.RTF: lambda data, _, budget: read_rtf(data, budget),
}
