"""The text of attached files, and the account of each: what was read, what was not, and why.

The type of a file is detected from its bytes, not from its name. A reader for the type returns text, hidden text, the
files inside, and what it could not read; the files inside are read the same way. Nothing is judged from a file that is
not understood: it is reported. A budget bounds characters, time, unpacked bytes, files and nesting.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from classifiers.extract import file_types as kinds
from classifiers.extract import ocr
from classifiers.extract.armor import is_verified_armor, words_in_armor
from classifiers.extract.file_names import filename_words, words_of_names
from classifiers.extract.file_types import FileType
from classifiers.extract.files_inside import files_inside
from classifiers.extract.parser_errors import PARSER_ERRORS
from classifiers.extract.readers import signatures
from classifiers.extract.readers.archives import read_compressed, read_tar, read_zip
from classifiers.extract.readers.binary_files import read_film, read_font
from classifiers.extract.readers.fonts.private_letters import look_for_private_letters
from classifiers.extract.readers.office.compound_file import read_compound, unpack_package
from classifiers.extract.readers.office.winmail import read_winmail
from classifiers.extract.readers.pdf.document import read_pdf
from classifiers.extract.readers.pictures import may_show_words, read_picture
from classifiers.extract.readers.plain_text import decoded
from classifiers.extract.readers.reading import (
    ENCRYPTED,
    MAX_FILE,
    PICTURED,
    TOO_LARGE,
    UNREADABLE,
    FileAccount,
    FileContent,
    InnerFile,
)  # fmt: skip
from classifiers.extract.readers.reading import Budget as Budget
from classifiers.extract.readers.records import columns, keep_sentences, sentences_in
from classifiers.extract.readers.rtf.document import read_rtf
from classifiers.extract.readers.seven_zip import read_seven_zip
from classifiers.extract.text_files import read_text_file
from gateway.core.mime.charsets.decoding import to_text

MAX_DEPTH = 5

_SIGNATURE_TYPES = frozenset(("application/pkcs7-signature", "application/x-pkcs7-signature"))
_PGP_TYPES = frozenset(("application/pgp-signature", "application/pgp-keys"))
_ENCRYPTED_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_MIN_CELLS = 8
"""Cells of a table from which its columns are read."""
_ARCHIVES = frozenset(("zip", "tar", "7z"))
"""Kinds of files whose folders somebody named."""
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
        return read_text_file(media_type, name, data, budget)
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
    content.files = list(files_inside(data))
    return content


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
        content.files = [*content.files, *files_inside(data)]
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
