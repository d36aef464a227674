"""The text of attached files: plain text, calendar, vCard, PDF, Office and OpenDocument, archives of these.

What a file is is asked of its bytes, not of its name. Pictures are read where the extra `ocr` is installed
(`classifiers.extract.ocr`), else they are passed over.
Sound, film and everything else that cannot be read here is reported as such.
Bounded by a budget of characters and time, by the size of what is unpacked and by how deep files lie in files.
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
from classifiers.extract.file_types import Is
from classifiers.extract.parser_errors import BROKEN
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
"""Files that say nothing, and how they begin; what can be read as text is none, whatever it says it is."""
_SEALED_TEXT = re.compile(r"^-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED FILE)-----", re.MULTILINE)
_ARMOUR = re.compile(
    r"\s*-----BEGIN PGP (SIGNATURE|PUBLIC KEY BLOCK)-----[ \t]*\r?\n"
    r"(?:(?:Version|Comment|Charset|Hash): \S+(?: v?\d\S*)?(?: \(\S+\))?[ \t]*\r?\n)*\s*"
    r"(?:[A-Za-z0-9+/=]+[ \t]*(?:\r?\n|\Z))*(?:-----END PGP \1-----\s*)?"
)
_SEALED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_FRAGMENT, _ELSEWHERE = "message/partial", "message/external-body"
_OPENED = frozenset({"application/pdf", "application/zip", "application/x-zip-compressed"})
_OPENED_NAMES = (".pdf", ".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp")
_DRAWN = ("image/svg+xml", ".svg")


@dataclass(slots=True)
class Budget:
    """What the files of one message may still cost: a deadline on the monotonic clock, characters, unpacked bytes."""

    deadline: float
    characters: int
    unpacked: int = MAX_UNPACKED
    pictures: int = pictures.MOST
    hidden: list[str] = field(default_factory=list)
    """Text that files carry without showing it."""

    def hide(self, text: str) -> None:
        """Note text that a file carries without showing it, as far as there is room."""
        if text.strip():
            self.hidden.append(text[: self.characters])
            self.characters -= len(self.hidden[-1])

    def spent(self) -> bool:
        """Whether nothing more should be read."""
        return self.characters <= 0 or self.unpacked <= 0 or time.monotonic() > self.deadline


Text = tuple[str, tuple[str, ...]]


def text_of(media_type: str, filename: str, data: bytes, budget: Budget, depth: int = 0) -> Text:
    """The text of a file and the words for what could not be read. Never raises."""
    try:
        return _text_of(media_type, filename, data, budget, depth)
    except BROKEN:  # it must cost nothing else of its message
        return "", ("unreadable",)


def is_sealed(text: str) -> bool:
    """Whether there is an encrypted message in a text."""
    return _SEALED_TEXT.search(text) is not None


def says_nothing(text: str) -> bool:
    """Whether a text is a key or a signature of PGP and nothing else."""
    return _ARMOUR.fullmatch(text) is not None


def _text_of(media_type: str, filename: str, data: bytes, budget: Budget, depth: int) -> Text:
    name = filename.lower()
    if not data.strip(b"\0 \r\n") or _is_signature(media_type, data):
        return "", ()
    if media_type in _SEALED or name.endswith((".p7m", ".gpg", ".pgp")):
        return "", ("encrypted",)
    kind = kinds.kind_of(data)
    if kind is Is.PICTURE and not kinds.hides_archive(data):
        return _picture(data, budget) if pictures.readable() else ("", ())
    if kind is Is.FONT:
        return "", ()
    if len(data) > MAX_FILE or budget.spent() or depth > MAX_DEPTH:
        return "", ("too_large" if depth <= MAX_DEPTH else "unreadable",)
    text, failed = _opened(kind, media_type, name, data, budget, depth)
    if len(text) > budget.characters:
        text, failed = text[: budget.characters], (*failed, "too_large")
    budget.characters -= len(text)
    return text, failed


_NAME_WORD = re.compile(r"[^\W\d_]{2,}")
_SAY_NOTHING = frozenset(
    "image img photo picture screenshot screen shot scan doc document file attachment untitled copy outlook logo "
    "noname smime winmail invite calendar signature foto imagen documento word media text txt pdf docx version".split()
)


def named(filename: str) -> str:
    """What the name of a file says, as words; "" where it is a name like any other."""
    stem = filename.rpartition("/")[2]
    words = _NAME_WORD.findall(stem.rpartition(".")[0] or stem)
    return " ".join(words) if any(word.lower() not in _SAY_NOTHING for word in words) else ""


def _is_signature(media_type: str, data: bytes) -> bool:
    begins = _SIGNATURES.get(media_type)
    if begins is None:
        return False
    return says_nothing(_decoded(data)) if kinds.is_text(data) else data.startswith(begins)


def _picture(data: bytes, budget: Budget) -> Text:
    if len(data) > MAX_FILE or budget.pictures <= 0 or budget.spent():
        return "", ("too_large",)
    budget.pictures -= 1
    text, failed = pictures.words(data, budget.deadline)
    text = text[: budget.characters]
    budget.characters -= len(text)
    return text, failed


def _opened(kind: Is, media_type: str, name: str, data: bytes, budget: Budget, depth: int) -> Text:
    match kind:
        case Is.PDF:
            return _pdf(data, budget, depth)
        case Is.ARCHIVE | Is.PICTURE:
            return _zip(data, budget, depth)
        case Is.OLD_OFFICE:
            return office.old(data)
        case Is.SEALED:
            return "", ("encrypted",)
        case Is.TEXT:
            text, failed = _plain(media_type, name, data)
            claims = media_type in _OPENED or name.endswith(_OPENED_NAMES)  # broken, or something else in its coat
            return text, (*failed, "unreadable") if claims else failed
        case _:
            return "", ("unreadable",)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return to_text(data, "utf-16")
    return to_text(data.removeprefix(b"\xef\xbb\xbf"), "utf-8")


def _plain(media_type: str, name: str, data: bytes) -> Text:
    text = _decoded(data)
    if is_sealed(text):
        return text, ("encrypted",)
    if media_type == _FRAGMENT:
        return text, ("incomplete",)
    if media_type == _ELSEWHERE:
        return text, ("unreadable",)
    if text.lstrip()[:7].upper() == "BEGIN:V" and (media_type in _FIELDED or name.endswith(_FIELDED_NAMES)):
        return _fields(text), ()
    if media_type == _DRAWN[0] or name.endswith(_DRAWN[1]):
        return re.sub(r"<[^>]*>", " ", text), ()
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


_FIELDED = frozenset("text/calendar text/x-vcalendar application/ics text/vcard text/x-vcard text/directory".split())
_FIELDED_NAMES = (".ics", ".vcs", ".vcf")
_SAID = re.compile(
    r"^(?:[\w-]{1,40}\.)?(?:SUMMARY|DESCRIPTION|LOCATION|COMMENT|CATEGORIES|CONTACT|CONFERENCE|NOTE|TITLE|ROLE|ORG|FN"
    r"|NICKNAME|TEL|EMAIL|IMPP|URL|X-ALT-DESC|X-SOCIALPROFILE|X-ABLABEL)[;:]",
    re.IGNORECASE,
)


def _fields(text: str) -> str:
    """What a calendar entry or vCard says to a person (RFC 5545, RFC 6350): unfolded, unescaped."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    lines = [line.partition(":")[2] for line in unfolded.splitlines() if _SAID.match(line)]
    plain = (line.replace("\\n", "\n").replace("\\N", "\n").replace("\\,", ",").replace("\\;", ";") for line in lines)
    return "\n".join(visible_text(line)[0] if "</" in line else line for line in plain)


def _pdf(data: bytes, budget: Budget, depth: int) -> Text:
    def words(picture: bytes) -> str:
        text, words = _picture(picture, budget)
        failed.extend(words)
        return text

    failed: list[str] = []
    found = pdfs.pages(data, budget.characters, budget.deadline, words if pictures.readable() else None)
    pieces = [*found.text, *found.aside]
    for name, inner in found.files:
        text, more = text_of("", name, inner, budget, depth + 1)
        pieces += [named(name), text]
        failed.extend(more)
    return "\n".join(pieces), tuple(dict.fromkeys((*found.failed, *failed)))


def _zip(data: bytes, budget: Budget, depth: int) -> Text:
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
            wanted = bool(office.ENTRY.match(name) or office.RELATIONS.match(name)) or name.startswith("META-INF/m")
            if entry.is_dir() or (document and not wanted and office.is_own(name)):
                continue
            if entry.file_size > budget.unpacked or budget.spent():
                failed.append("unreadable" if entry.file_size > MAX_UNPACKED else "too_large")
                break
            with archive.open(entry) as opened:
                inner = opened.read(min(entry.file_size + 1, budget.unpacked))
            budget.unpacked -= len(inner)
            if document and office.is_sealed(name, inner):
                return "", ("encrypted",)
            if document and wanted:
                text, hidden = ("\n" + office.targets(inner), "") if name.endswith(".rels") else office.markup(inner)
                budget.hide(hidden)
            else:
                text, words = text_of("", name, inner, budget, depth + 1)
                failed.extend(words)
                pieces.append(named(name))
            pieces.append(text)
    except BROKEN:
        failed.append("unreadable")
    return "\n".join(piece for piece in pieces if piece.strip()), tuple(dict.fromkeys(failed))
