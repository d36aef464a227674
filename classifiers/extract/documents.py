"""The text of attached files: plain text, calendar, vCard, PDF, Office and OpenDocument, archives of these.

The type of a file is detected from its bytes, not from its name. Pictures are read if the extra `ocr` is installed
(`classifiers.extract.ocr`), else they are skipped. Audio, video and everything else that cannot be read is reported. A
budget bounds characters, time, unpacked bytes and nesting.
"""

from __future__ import annotations

import io
import re
import time
import zipfile
from dataclasses import dataclass, field

from classifiers.extract import file_types as kinds
from classifiers.extract import ocr as pictures
from classifiers.extract import office, pdfs
from classifiers.extract.file_types import FileType
from classifiers.extract.parser_errors import PARSER_ERRORS
from gateway.core.mime.charsets import to_text
from gateway.core.mime.html import visible_text

MAX_FILE = 20 * 1024 * 1024
MAX_UNPACKED = 30 * 1024 * 1024
MAX_ENTRIES = 300
MAX_DEPTH = 3

_SIGNATURES = {
    "application/pkcs7-signature": (b"\x30",),
    "application/x-pkcs7-signature": (b"\x30",),
    "application/pgp-signature": (b"\x88", b"\x89", b"\x8a", b"\xc2"),
    "application/pgp-keys": (b"\x98", b"\x99", b"\x9a", b"\xc6"),
}
"""Files without text, and their first bytes. Files that are readable text are never among them."""
_ENCRYPTED_TEXT = re.compile(r"^-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED FILE)-----", re.MULTILINE)
_PGP_ARMOR = re.compile(
    r"\s*-----BEGIN PGP (SIGNATURE|PUBLIC KEY BLOCK)-----[ \t]*\r?\n"
    r"(?:(?:Version|Comment|Charset|Hash): \S+(?: v?\d\S*)?(?: \(\S+\))?[ \t]*\r?\n)*\s*"
    r"(?:[A-Za-z0-9+/=]+[ \t]*(?:\r?\n|\Z))*(?:-----END PGP \1-----\s*)?"
)
_ENCRYPTED_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PARTIAL_MESSAGE, _EXTERNAL_BODY = "message/partial", "message/external-body"
_PARSED_TYPES = frozenset({"application/pdf", "application/zip", "application/x-zip-compressed"})
_PARSED_SUFFIXES = (".pdf", ".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp")
_SVG = ("image/svg+xml", ".svg")


@dataclass(slots=True)
class Budget:
    """What the files of one message may still cost: a deadline on the monotonic clock, characters, unpacked bytes."""

    deadline: float
    characters: int
    unpacked: int = MAX_UNPACKED
    pictures: int = pictures.MAX_PICTURES
    hidden: list[str] = field(default_factory=list)
    """Text that files contain but do not show."""

    def add_hidden(self, text: str) -> None:
        """Add text that a file contains but does not show, within the budget."""
        if text.strip():
            self.hidden.append(text[: self.characters])
            self.characters -= len(self.hidden[-1])

    def is_spent(self) -> bool:
        """Whether the budget is used up."""
        return self.characters <= 0 or self.unpacked <= 0 or time.monotonic() > self.deadline


ExtractedText = tuple[str, tuple[str, ...]]


def extract_text(media_type: str, filename: str, data: bytes, budget: Budget, depth: int = 0) -> ExtractedText:
    """The text of a file, and the words for `failed` of what could not be read. Never raises."""
    try:
        return _extract(media_type, filename, data, budget, depth)
    except PARSER_ERRORS:  # a broken file must not affect the rest of its message
        return "", ("unreadable",)


def has_encrypted_message(text: str) -> bool:
    """Whether a text contains an encrypted message."""
    return _ENCRYPTED_TEXT.search(text) is not None


def is_key_or_signature(text: str) -> bool:
    """Whether a text is a PGP key or signature and nothing else."""
    return _PGP_ARMOR.fullmatch(text) is not None


def _extract(media_type: str, filename: str, data: bytes, budget: Budget, depth: int) -> ExtractedText:
    name = filename.lower()
    if not data.strip(b"\0 \r\n") or _is_signature(media_type, data):
        return "", ()
    if media_type in _ENCRYPTED_TYPES or name.endswith((".p7m", ".gpg", ".pgp")):
        return "", ("encrypted",)
    kind = kinds.detect_file_type(data)
    if kind is FileType.PICTURE and not kinds.has_appended_archive(data):
        return _picture(data, budget) if pictures.is_available() else ("", ())
    if kind is FileType.FONT:
        return "", ()
    if len(data) > MAX_FILE or budget.is_spent() or depth > MAX_DEPTH:
        return "", ("too_large" if depth <= MAX_DEPTH else "unreadable",)
    text, failed = _text_of_type(kind, media_type, name, data, budget, depth)
    if len(text) > budget.characters:
        text, failed = text[: budget.characters], (*failed, "too_large")
    budget.characters -= len(text)
    return text, failed


_NAME_WORD = re.compile(r"[^\W\d_]{2,}")
_GENERIC_NAME_WORDS = frozenset(
    "image img photo picture screenshot screen shot scan doc document file attachment untitled copy outlook logo "
    "noname smime winmail invite calendar signature foto imagen documento word media text txt pdf docx version".split()
)


def filename_words(filename: str) -> str:
    """The words of a file name; "" if it is a generic one such as `image001.png`."""
    stem = filename.rpartition("/")[2]
    words = _NAME_WORD.findall(stem.rpartition(".")[0] or stem)
    return " ".join(words) if any(word.lower() not in _GENERIC_NAME_WORDS for word in words) else ""


def _is_signature(media_type: str, data: bytes) -> bool:
    begins = _SIGNATURES.get(media_type)
    if begins is None:
        return False
    return is_key_or_signature(_decoded(data)) if kinds.looks_like_text(data) else data.startswith(begins)


def _picture(data: bytes, budget: Budget) -> ExtractedText:
    if len(data) > MAX_FILE or budget.pictures <= 0 or budget.is_spent():
        return "", ("too_large",)
    budget.pictures -= 1
    text, failed = pictures.read_words(data, budget.deadline)
    text = text[: budget.characters]
    budget.characters -= len(text)
    return text, failed


def _text_of_type(kind: FileType, media_type: str, name: str, data: bytes, budget: Budget, depth: int) -> ExtractedText:
    match kind:
        case FileType.PDF:
            return _pdf(data, budget, depth)
        case FileType.ARCHIVE | FileType.PICTURE:
            return _zip(data, budget, depth)
        case FileType.LEGACY_OFFICE:
            return office.legacy_text(data)
        case FileType.ENCRYPTED:
            return "", ("encrypted",)
        case FileType.TEXT:
            text, failed = _plain_text(media_type, name, data)
            claims_parsed_type = media_type in _PARSED_TYPES or name.endswith(
                _PARSED_SUFFIXES
            )  # broken, or disguised as another type
            return text, (*failed, "unreadable") if claims_parsed_type else failed
        case _:
            return "", ("unreadable",)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return to_text(data, "utf-16")
    return to_text(data.removeprefix(b"\xef\xbb\xbf"), "utf-8")


def _plain_text(media_type: str, name: str, data: bytes) -> ExtractedText:
    text = _decoded(data)
    if has_encrypted_message(text):
        return text, ("encrypted",)
    if media_type == _PARTIAL_MESSAGE:
        return text, ("incomplete",)
    if media_type == _EXTERNAL_BODY:
        return text, ("unreadable",)
    if text.lstrip()[:7].upper() == "BEGIN:V" and (media_type in _FIELD_TYPES or name.endswith(_FIELD_SUFFIXES)):
        return _field_text(text), ()
    if media_type == _SVG[0] or name.endswith(_SVG[1]):
        return re.sub(r"<[^>]*>", " ", text), ()
    if name.endswith(".rtf") or text.startswith("{\\rtf"):
        return _rtf_text(text), ()
    if media_type in ("text/html", "application/xhtml+xml") or name.endswith((".html", ".htm")):
        return "\n".join(filter(None, visible_text(text))), ()
    if media_type == "application/xml" or name.endswith(".xml"):
        return re.sub(r"<[^>]*>", " ", text), ()
    return text, ()


_RTF_TABLES = re.compile(
    r"\{\\(?:\*|fonttbl|colortbl|stylesheet|info|pict|themedata|datastore)[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"
)
_RTF = re.compile(
    r"\\u(-?\d{1,6}) ?(?:\\'[0-9a-f]{2}|\?)?|\\'([0-9a-f]{2})|\\(par|line|tab|row|cell)\b ?|\\[a-z]+-?\d* ?|[{}\r\n]",
    re.IGNORECASE,
)


def _rtf_text(text: str) -> str:
    """The text of RTF, without its font and color tables."""

    def plain(content: re.Match[str]) -> str:
        if content[1]:
            return chr(int(content[1]) % 65536)
        return bytes.fromhex(content[2]).decode("cp1252", "replace") if content[2] else "\n" if content[3] else ""

    return _RTF.sub(plain, _RTF_TABLES.sub("", text)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_FIELD_TYPES = frozenset(
    "text/calendar text/x-vcalendar application/ics text/vcard text/x-vcard text/directory".split()
)
_FIELD_SUFFIXES = (".ics", ".vcs", ".vcf")
_TEXT_FIELD = re.compile(
    r"^(?:[\w-]{1,40}\.)?(?:SUMMARY|DESCRIPTION|LOCATION|COMMENT|CATEGORIES|CONTACT|CONFERENCE|NOTE|TITLE|ROLE|ORG|FN"
    r"|NICKNAME|TEL|EMAIL|IMPP|URL|X-ALT-DESC|X-SOCIALPROFILE|X-ABLABEL)[;:]",
    re.IGNORECASE,
)


def _field_text(text: str) -> str:
    """The text fields of a calendar entry or vCard (RFC 5545, RFC 6350): unfolded and unescaped."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    lines = [line.partition(":")[2] for line in unfolded.splitlines() if _TEXT_FIELD.match(line)]
    plain = (line.replace("\\n", "\n").replace("\\N", "\n").replace("\\,", ",").replace("\\;", ";") for line in lines)
    return "\n".join(visible_text(line)[0] if "</" in line else line for line in plain)


def _pdf(data: bytes, budget: Budget, depth: int) -> ExtractedText:
    def words(picture: bytes) -> str:
        text, words = _picture(picture, budget)
        failed.extend(words)
        return text

    failed: list[str] = []
    content = pdfs.read_pdf(data, budget.characters, budget.deadline, words if pictures.is_available() else None)
    pieces = [*content.text, *content.extras]
    for name, inner in content.files:
        text, more = extract_text("", name, inner, budget, depth + 1)
        pieces += [filename_words(name), text]
        failed.extend(more)
    return "\n".join(pieces), tuple(dict.fromkeys((*content.failed, *failed)))


def _zip(data: bytes, budget: Budget, depth: int) -> ExtractedText:
    pieces: list[str] = []
    failed: list[str] = []
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
        document = office.is_office([entry.filename for entry in entries])
        if any(entry.flag_bits & 1 for entry in entries):
            return "", ("encrypted",)
        if len(entries) > MAX_ENTRIES and not document:
            failed.append("too_large")
        for entry in entries if document else entries[:MAX_ENTRIES]:
            name = entry.filename
            holds_text = bool(office.TEXT_ENTRY.match(name) or office.RELATIONSHIPS.match(name)) or name.startswith(
                "META-INF/m"
            )
            if entry.is_dir() or (document and not holds_text and office.is_internal(name)):
                continue
            if entry.file_size > budget.unpacked or budget.is_spent():
                failed.append("unreadable" if entry.file_size > MAX_UNPACKED else "too_large")
                break
            with archive.open(entry) as opened:
                inner = opened.read(min(entry.file_size + 1, budget.unpacked))
            budget.unpacked -= len(inner)
            if document and office.is_encrypted(name, inner):
                return "", ("encrypted",)
            if document and holds_text:
                text, hidden = (
                    ("\n" + office.link_targets(inner), "")
                    if name.endswith(".rels")
                    else office.shown_and_hidden(inner)
                )
                budget.add_hidden(hidden)
            else:
                text, words = extract_text("", name, inner, budget, depth + 1)
                failed.extend(words)
                pieces.append(filename_words(name))
            pieces.append(text)
    except PARSER_ERRORS:
        failed.append("unreadable")
    return "\n".join(piece for piece in pieces if piece.strip()), tuple(dict.fromkeys(failed))
