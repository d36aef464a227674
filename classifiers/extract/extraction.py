"""From the bytes of a message to the text to classify: passages with their offsets, and what could not be read.

Nothing here raises, whatever the bytes are. Parts, characters, nesting and time are bounded.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from classifiers.extract import documents
from classifiers.extract import file_types as kinds
from classifiers.extract.alternatives import extra_text
from classifiers.extract.file_types import FileType
from classifiers.extract.quoting import PassageKind, split_passages
from gateway.core.channels.registry import capabilities_of, header_section_of
from gateway.core.messages.media import is_audiovisual
from gateway.core.mime.parts import Part, decode_uu

MAX_CHARACTERS = 200_000
"""Characters of visible text that are read. A longer message is `too_large` and read up to this bound."""

MAX_ATTACHED = 200_000
"""Characters of attached files that are read."""

MAX_FILE_SECONDS = 5.0
"""Seconds that the files of one message may take. What is not read by then is `too_large`."""

_ENCRYPTED_TYPES = frozenset({"application/pgp-encrypted"})
_ENCRYPTED_LINE = re.compile(r"^(?:[A-Za-z0-9+/]{30,}={0,2}|=[A-Za-z0-9+/]{4})(?=\r?$)", re.MULTILINE)
"""A line of an encrypted message."""
_UUENCODED = re.compile(r"^begin [0-7]{3,4} (\S[^\r\n]{0,200})\r?\n[!-`]{2}", re.MULTILINE)
"""A uuencoded file inside a text, which some mail programs show as a file."""
_MAX_HIDDEN = 20_000


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of received text. `start` is its offset in the text of `part`, which is "" for attached files."""

    part: str
    start: int
    text: str
    kind: PassageKind


@dataclass(frozen=True, slots=True)
class ExtractedMessage:
    """What was read of one message. `failed` has the words of a verdict for what could not be read."""

    passages: tuple[Passage, ...]
    failed: tuple[str, ...] = ()


def extract_message(content: bytes, channel: str = "mail", files: Sequence[Part] = ()) -> ExtractedMessage:
    """Read a content: RFC 5322 bytes, or the UTF-8 text of a text message with its `files`. Never raises.

    A picture in a mail may be a letterhead and is skipped. A picture in a text message is its content; it cannot be
    read here and is reported as `unreadable`.
    """
    deadline = time.monotonic() + MAX_FILE_SECONDS
    extracted: list[Passage] = []
    failed: list[str] = []
    shown: list[str] = []
    names: list[str] = []
    characters_left = MAX_CHARACTERS
    capabilities = capabilities_of(channel)
    section = header_section_of(content, channel)
    if capabilities.has_header_section:
        title = section.subject[:2000]
        if title.strip():
            extracted.append(Passage("subject", 0, title, PassageKind.SUBJECT))
    budget = documents.Budget(deadline, MAX_ATTACHED)
    for part in (*capabilities.read_parts(content, section), *files):
        if part.media_type == "text/plain" and "begin " in part.text and (uuencoded := _UUENCODED.search(part.text)):
            name = documents.filename_words(uuencoded[1])
            uu = Part(
                part.number, "", "", decode_uu(part.data[max(0, part.data.find(b"begin ")) :]), uuencoded[1], True
            )
            failed.extend(_extract_file(uu, budget, extracted))
            names.extend([name] if name else [])
        if part.unreadable or (capabilities.pictures_are_content and is_audiovisual(part.media_type)):
            failed.append("unreadable")
        if part.filename and capabilities.has_header_section and (name := documents.filename_words(part.filename)):
            names.append(name)
        encrypted = documents.has_encrypted_message(part.text)
        if encrypted or part.media_type in _ENCRYPTED_TYPES:
            failed.append("encrypted")
            if not encrypted:
                continue
        if part.media_type not in ("text/plain", "text/html") or _is_mislabeled_file(part):
            failed.extend(_extract_file(part, budget, extracted))
            continue
        if part.attached and part.media_type == "text/plain" and documents.is_key_or_signature(part.text):
            continue
        text = part.text[:characters_left]
        characters_left -= len(text)
        if len(text) < len(part.text):
            failed.append("too_large")
        if encrypted:  # the text around it is readable and may ask for help
            text = _ENCRYPTED_LINE.sub(lambda line: " " * len(line.group()), text)
        if part.media_type == "text/html" and shown and (extra := extra_text(text, shown)) is not None:
            extracted.extend(Passage(part.number, at, line, PassageKind.NEW) for at, line in extra.lines)
            extracted.extend(_hidden_passages(part))
            continue
        shown.append(part.text)
        if part.attached:
            extracted.append(Passage(part.number, 0, text, PassageKind.ATTACHED))
        elif not capabilities.quotes_earlier_messages:
            extracted.extend([Passage(part.number, 0, text, PassageKind.NEW)] if text.strip() else [])
        else:
            extracted.extend(
                Passage(part.number, start, text[start:end], kind) for start, end, kind in split_passages(text)
            )
        extracted.extend(_hidden_passages(part))
    extracted.extend(Passage("", 0, hidden[:_MAX_HIDDEN], PassageKind.HIDDEN) for hidden in budget.hidden)
    if names:
        extracted.append(Passage("", 0, "\n".join(dict.fromkeys(names)), PassageKind.ATTACHED))
    return ExtractedMessage(tuple(extracted), tuple(dict.fromkeys(failed)))


def _is_mislabeled_file(part: Part) -> bool:
    """Whether a part is labeled as text but is a file of another type."""
    if part.media_type == "text/html" and not part.attached:
        return False
    return bool(part.data) and kinds.detect_file_type(part.data) is not FileType.TEXT


def _extract_file(part: Part, budget: documents.Budget, extracted: list[Passage]) -> tuple[str, ...]:
    text, failed = documents.extract_text(part.media_type, part.filename, part.data, budget)
    if text.strip():
        extracted.append(Passage("", 0, text, PassageKind.ATTACHED))
    return failed


def _hidden_passages(part: Part) -> Iterator[Passage]:
    if part.hidden.strip():
        yield Passage("", 0, part.hidden[:_MAX_HIDDEN], PassageKind.HIDDEN)
