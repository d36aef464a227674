"""From the bytes of a message to the text to classify: passages with their offsets, and what could not be read.

Nothing here raises, whatever the bytes are. Parts, characters, nesting and time are bounded.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from classifiers.extract import documents
from classifiers.extract import file_types as kinds
from classifiers.extract.alternatives import extra_text
from classifiers.extract.armor import has_encrypted_message, is_verified_armor, words_in_armor
from classifiers.extract.file_names import filename_words, words_of_names
from classifiers.extract.file_types import FileType
from classifiers.extract.hidden_texts import read_hidden_writing
from classifiers.extract.hidden_writing.codes import is_sentence
from classifiers.extract.hidden_writing.finders import find_hidden_writing
from classifiers.extract.hidden_writing.gibberish import writing_beside_bytes
from classifiers.extract.hidden_writing.link_words import words_of_links
from classifiers.extract.hidden_writing.two_signs import letters_of_blanks
from classifiers.extract.hidden_writing.word_order import natural_texts
from classifiers.extract.other_words import MIN_LETTERS, KnownWords, is_notice, lines_without_words
from classifiers.extract.passages import Passage
from classifiers.extract.quoting import PassageKind, split_passages, split_readings
from classifiers.extract.readers.header_fields import header_sentences, words_of_names_together
from classifiers.extract.readers.html_files import needs_a_browser
from classifiers.extract.readers.orders.texts import sentences_of_lines
from classifiers.extract.readers.plain_text import in_seven_bits
from classifiers.extract.readers.reading import FileAccount, failures_of_page
from classifiers.extract.text_files import is_shown_as_source
from gateway.core.channels.capabilities import ChannelCapabilities
from gateway.core.channels.registry import capabilities_of, header_section_of
from gateway.core.messages.media import is_audiovisual
from gateway.core.messages.verdict import DISPUTED, PICTURED
from gateway.core.mime.account import ByteSpan, Reading, Use
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.charsets.written import is_written
from gateway.core.mime.guard import Guard
from gateway.core.mime.header_words import ADDRESS_FIELDS
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.html import DRAWING
from gateway.core.mime.html_source import has_html, html_part
from gateway.core.mime.parts import Part
from gateway.core.mime.transfer import decode_uu

MAX_CHARACTERS = 200_000
"""Characters of visible text that are read. A longer message is `too_large` and read up to this bound."""

MAX_ATTACHED = 200_000
"""Characters of attached files that are read."""

MAX_FILE_SECONDS = 5.0
"""Seconds that the files of one message may take. What is not read by then is `too_large`."""

_MAX_ADDRESSES = 4_000
"""Bytes of a field whose addresses may have words in them."""
_MAX_TITLE, _MAX_SENTENCE = 2000, 200
"""Characters of a subject that are a title. The rest is read as a text."""
_ENCRYPTED_TYPES = frozenset({"application/pgp-encrypted"})
_ENCRYPTED_LINE = re.compile(r"^(?:[A-Za-z0-9+/]{30,}={0,2}|=[A-Za-z0-9+/]{4})(?=\r?$)", re.MULTILINE)
"""A line of an encrypted message."""
_UUENCODED = re.compile(r"^begin [0-7]{3,4} (\S[^\r\n]{0,200})\r?\n[!-`][ -`]", re.MULTILINE)
"""A uuencoded file inside a text, which some mail programs show as a file."""
_MAX_ENCODED_LINES = 200
_MIN_PIECES, _MAX_PIECE = 8, 20
"""Parts that make one text together, and their characters at most."""
_TAG_IN_WORD = re.compile(r"(?<=[^\W\d_])</?[a-zA-Z][^<>]{0,100}>(?=[^\W\d_])")
_MIN_TAGS, _MAX_PAGES = 3, 3
"""Closing tags in a text from which it is the source of a page, and readings of it as a page."""
_UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class ExtractedMessage:
    """What was read of one message. `failed` has the words of a verdict for what could not be read.

    `account` says of every byte of the content what it is and whether it was read; `files` says the same of every
    file, those inside other files included.
    """

    passages: tuple[Passage, ...]
    failed: tuple[str, ...] = ()
    account: tuple[ByteSpan, ...] = ()
    files: tuple[FileAccount, ...] = ()


@dataclass(slots=True)
class _Extraction:
    """The message that is being read."""

    capabilities: ChannelCapabilities
    budget: documents.Budget
    passages: list[Passage] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    """The texts of the parts so far, to which alternatives are compared."""
    names: list[str] = field(default_factory=list)
    """The words of file names."""
    uses: dict[str, Use] = field(default_factory=dict)
    """What became of the parts that are files."""
    characters_left: int = MAX_CHARACTERS
    hidden_left: int = MAX_CHARACTERS
    guard: Guard = field(default_factory=Guard)


def extract_message(content: bytes, channel: str = "mail", files: Sequence[Part] = ()) -> ExtractedMessage:
    """Read a content: RFC 5322 bytes, or the UTF-8 text of a text message with its `files`. Never raises.

    A picture in a mail may be a letterhead and is skipped. A picture or film in a text message is its content; it is
    `pictured`. What only some programs show is read too and reported as `disputed`.
    """
    budget = documents.Budget(time.monotonic() + MAX_FILE_SECONDS, MAX_ATTACHED)
    message = _Extraction(capabilities_of(channel), budget)
    run = message.guard.run
    section = header_section_of(content, channel)
    if message.capabilities.has_header_section:
        run("subject", _read_subject, message, section.subject)
    reading = run("structure", message.capabilities.reading_of, content, section) or _as_it_is(content)
    for part in (*reading.parts, *files):
        before = len(message.guard.failures)
        run("parts", _read_part, message, part)
        if len(message.guard.failures) > before:
            message.passages.append(Passage(part.number, 0, part.text[:MAX_CHARACTERS], PassageKind.NEW))
    run("pieces of a text", _join_pieces, message)
    run("other readings", _read_others, message, reading, section.subject)
    for hidden in message.budget.hidden:
        _add_hidden(message, hidden)
    for words in run("names in addresses", _words_of_names, section) or ():
        _add_hidden(message, words)
    for words in run("names of files", words_of_names, [part.filename for part in reading.parts]) or ():
        _add_hidden(message, words)
    for words in run("header fields", header_sentences, content, reading.spans) or ():
        _add_hidden(message, words)
    hidden_texts = read_hidden_writing(message.passages, message.guard)
    message.passages = hidden_texts.passages
    message.failed += hidden_texts.failed
    for words in hidden_texts.texts:
        _add_hidden(message, words)
    if message.names:
        names = "\n".join(dict.fromkeys(message.names))
        message.passages.append(Passage("", 0, names, PassageKind.ATTACHED))
        run("codes in names of files", _add_codes, message, names)
    account = run("account", _account, message, reading) or tuple(reading.spans)
    failures = dict.fromkeys((*reading.failures, *message.guard.failures))
    if failures or any(span.use is Use.UNREAD for span in reading.spans):
        message.failed.append(_UNREADABLE)
    budget.accounts += [FileAccount("", found.name, "text", 0, 0, _UNREADABLE, found.reason) for found in failures]
    failed = tuple(dict.fromkeys(message.failed))
    return ExtractedMessage(tuple(message.passages), failed, account, tuple(budget.accounts))


def _read_subject(message: _Extraction, subject: str) -> None:
    """Add the title, and the rest of a subject that is longer than one."""
    title, rest = subject[:_MAX_TITLE], ""
    if len(subject) > _MAX_TITLE:  # a sentence may begin in the title
        rest = subject[_MAX_TITLE - _MAX_SENTENCE :]
    if title.strip():
        message.passages.append(Passage("subject", 0, title, PassageKind.SUBJECT))
    if rest.strip():  # pages show the title; mail programs show more of it
        message.passages.append(Passage("", 0, rest[:MAX_CHARACTERS], PassageKind.OTHER))
    if len(rest) > MAX_CHARACTERS:
        message.failed.append("too_large")


def _account(message: _Extraction, reading: Reading) -> tuple[ByteSpan, ...]:
    """The account of the bytes of a message, with what became of its files."""
    return tuple(
        replace(span, use=message.uses[span.part]) if span.use is Use.FILE and span.part in message.uses else span
        for span in reading.spans
    )


def _as_it_is(content: bytes) -> Reading:
    """The source of a content whose structure could not be read."""
    part = Part("", "text/plain", content.decode("utf-8", "replace"))
    return Reading((part,), (ByteSpan(0, len(content), Use.UNREAD),))


def _words_of_names(section: HeaderSection) -> Sequence[str]:
    """What addresses in the header say."""
    addresses = "\n".join(to_text(raw[:_MAX_ADDRESSES]) for name, raw in section.fields if name in ADDRESS_FIELDS)
    return (*words_of_links(addresses, is_sentence), *words_of_names_together(section))


def _read_part(message: _Extraction, part: Part) -> None:
    capabilities = message.capabilities
    is_source = part.media_type.startswith("multipart/")  # its boundary was not found: all of it is shown as text
    is_text = is_source or part.media_type in ("text/plain", "text/html")
    if is_text and "begin " in part.text and (uuencoded := _UUENCODED.search(part.text)):
        name = filename_words(uuencoded[1])
        data = decode_uu(part.data[max(0, part.data.find(b"begin ")) :])
        _read_file(message, Part(part.number, "", "", data, uuencoded[1], True))
        message.names.extend([name] if name else [])
    if part.unreadable and not (is_text and is_written(part.text) and not (is_source and _holds_files(part.text))):
        message.failed.append(_UNREADABLE)
    message.failed.extend(failures_of_page(part.gaps))
    if capabilities.pictures_are_content and is_audiovisual(part.media_type):
        message.failed.append(_UNREADABLE if part.media_type.startswith("audio/") else PICTURED)
    if part.disputed:
        message.failed.append(DISPUTED)
    for file in part.embedded:
        _read_file(message, Part(part.number, file.media_type, "", file.data, attached=True))
    if part.filename and capabilities.has_header_section and (name := filename_words(part.filename)):
        message.names.append(name)
    encrypted = has_encrypted_message(part.text)
    if encrypted or part.media_type in _ENCRYPTED_TYPES:
        message.failed.append("encrypted")
        if not encrypted:
            message.uses[part.number] = Use.UNREAD
            return
    if not is_text:
        message.uses[part.number] = _read_file(message, part)
        if part.media_type.startswith("text/") and message.uses[part.number] is Use.NOT_TEXT:
            message.passages.append(Passage("", 0, to_text(part.data)[:MAX_ATTACHED], PassageKind.ATTACHED))
            message.uses[part.number] = Use.TEXT
        if part.media_type.startswith("message/") and part.text.strip() != _last_text(message):
            _add_hidden(message, part.text)  # many programs show it as text, with its header
        return
    text = part.text
    is_page = is_source and has_html(text)
    if is_page or (part.media_type == "text/plain" and len(_TAG_IN_WORD.findall(text)) >= _MIN_TAGS):
        # nobody renders it, but the words are not those of its source
        _add_hidden(message, html_part(text).text)
    if part.media_type == "text/plain" and (part.attached or part.filename):
        _read_as_file(message, part)
    if not is_source and _is_mislabeled_file(part):
        _read_file(message, part)
        text = writing_beside_bytes(text)  # its bytes were read as a file
    if part.attached and part.media_type == "text/html" and _is_shown_otherwise(part):
        _read_file(message, part)
    if part.attached and part.media_type == "text/plain" and is_verified_armor(text):
        _add_hidden(message, "\n".join(words_in_armor(text)))
        return
    if len(text) > message.characters_left:
        message.failed.append("too_large")
    text = text[: message.characters_left]
    message.characters_left -= len(text)
    if encrypted or is_source:  # the text around it is readable and may ask for help
        text = _ENCRYPTED_LINE.sub(lambda line: " " * len(line.group()), text)
    _add_text(message, part, text)


def _last_text(message: _Extraction) -> str:
    return message.passages[-1].text.strip() if message.passages else ""


def _add_text(message: _Extraction, part: Part, text: str) -> None:
    if part.media_type == "text/html" and message.shown:
        extra = extra_text(text, message.shown)
        if extra is not None:
            message.passages.extend(Passage(part.number, at, line, PassageKind.NEW) for at, line in extra.lines)
            for hidden in (part.hidden, *natural_texts(part.marked)):
                _add_hidden(message, hidden)
            return
    message.shown.append(text)
    if part.attached:
        message.passages.append(Passage(part.number, 0, text, PassageKind.ATTACHED))
    elif not message.capabilities.quotes_earlier_messages:
        message.passages.extend(
            Passage(part.number, start, text[start:end], kind) for start, end, kind in split_readings(text)
        )
    else:
        message.passages.extend(
            Passage(part.number, start, text[start:end], kind) for start, end, kind in split_passages(text)
        )
    in_blanks = message.guard.run("bits in blanks", letters_of_blanks, text) or ()
    of_lines = message.guard.run("diagonals and kinds of lines", sentences_of_lines, text) or ()
    in_bits = "" if text.isascii() else in_seven_bits(part.data)
    for hidden in (part.hidden, *natural_texts(part.marked), *in_blanks, *of_lines, in_bits):
        _add_hidden(message, hidden)


def _join_pieces(message: _Extraction) -> None:
    """Add the text that many tiny parts make together."""
    pieces = [text.strip("\r\n") for text in message.shown if len(text.strip()) <= _MAX_PIECE]
    if len(pieces) >= _MIN_PIECES:
        _add_hidden(message, "".join(pieces))


def _read_others(message: _Extraction, reading: Reading, subject: str) -> None:
    """What only some programs show, and the words of header fields: only what the parts do not say as well."""
    if not reading.others.complete:
        message.failed.append(_UNREADABLE)
    lines = [reading.header_text] if reading.header_text else []
    if reading.others.parts:
        known = KnownWords()
        for text in (subject, *(text for part in reading.parts for text in (part.text, part.hidden))):
            known.add(text)
        shown_links: set[str] = set()
        sources = [part for part in reading.parts if part.media_type == "text/plain"]
        pages = _MAX_PAGES if any(part.text.count("</") >= _MIN_TAGS for part in sources) else 0
        for part in reading.others.parts:
            text = f"{part.text}\n{part.hidden}"[:MAX_CHARACTERS]
            if part.data and _read_file(message, part) is Use.TEXT:
                message.failed.append(DISPUTED)
            for file in part.embedded:
                _read_file(message, Part("", file.media_type, "", file.data, attached=True))
            is_page = part.media_type == "text/html"
            message.failed += [PICTURED] * (DRAWING in part.gaps)
            if is_page and pages:  # its words are known from the source that is shown, but not in that order
                pages -= 1
                _add_hidden(message, text)
            new_lines, letters = known.new_lines(text, is_markup=is_page)
            if new_lines:  # what was left out of it may be in a better reading
                known.add(new_lines)
                lines.append(new_lines)
            if linked := set(words_of_links(text, is_sentence)) - shown_links:
                shown_links |= linked
                for part_shown in reading.parts:
                    linked.difference_update(words_of_links(f"{part_shown.text}\n{part_shown.hidden}", is_sentence))
                _add_hidden(message, "\n".join(sorted(linked)))
            if letters >= MIN_LETTERS and not is_notice(new_lines):
                message.failed += [DISPUTED, *failures_of_page(part.gaps)]
        lines_left = lines_without_words((part.text for part in reading.others.parts), message.shown)
        message.failed += _add_codes(message, lines_left)
    text = "\n".join(lines)
    if len(text) > MAX_CHARACTERS:
        message.failed.append("too_large")
    if text.strip():
        message.passages.append(Passage("", 0, text[:MAX_CHARACTERS], PassageKind.OTHER))


def _is_shown_otherwise(page: Part) -> bool:
    """Whether programs that open an attached page show more than its visible text."""
    return needs_a_browser(page.data) or is_shown_as_source(page.filename)


def _is_mislabeled_file(part: Part) -> bool:
    """Whether a part is labeled as text but is a file of another type."""
    if part.media_type == "text/html" and not part.attached:
        return False
    return bool(part.data) and kinds.detect_file_type(part.data) is not FileType.TEXT


def _read_file(message: _Extraction, part: Part) -> Use:
    """Read a file as an attached passage; returns what became of its bytes."""
    message.budget.part = part.number
    text, failed = documents.extract_text(part.media_type, part.filename, part.data, message.budget)
    message.failed.extend(failed)
    if text.strip():
        message.passages.append(Passage("", 0, text, PassageKind.ATTACHED))
    if failed:
        return Use.UNREAD
    return Use.TEXT if text.strip() else Use.NOT_TEXT


def _read_as_file(message: _Extraction, part: Part) -> None:
    """Read a text with a name as the program does that opens it: as a page, a calendar, a table."""
    message.budget.part = part.number
    text, failed = documents.extract_text(part.media_type, part.filename, part.data, message.budget)
    message.failed.extend(failed)
    if text.split() != part.text.split():
        _add_hidden(message, text)


def _holds_files(source: str) -> bool:
    """Whether the source of a multipart has encoded parts that are longer than a text usually is."""
    return len(_ENCRYPTED_LINE.findall(source)) > _MAX_ENCODED_LINES


def _add_codes(message: _Extraction, text: str) -> Sequence[str]:
    """Add what codes in a text say, and nothing else of it: most such texts are names, numbers and rules.

    Returns the words for `failed`.
    """
    found = find_hidden_writing(text, PassageKind.HIDDEN, message.guard)
    for words in found.said:
        _add_hidden(message, words)
    return found.failed


def _add_hidden(message: _Extraction, text: str) -> None:
    if len(text) > message.hidden_left:
        message.failed.append("too_large")
    text = text[: message.hidden_left]
    message.hidden_left -= len(text)
    if text.strip():
        message.passages.append(Passage("", 0, text, PassageKind.HIDDEN))
