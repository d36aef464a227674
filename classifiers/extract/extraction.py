"""From the bytes of a message to what is read of it: passages with their places, and what could not be read.

Nothing here raises, whatever the bytes, and everything is bounded: parts, characters, files inside files, time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from classifiers.extract import documents
from classifiers.extract import file_types as kinds
from classifiers.extract.alternatives import beyond
from classifiers.extract.file_types import Is
from classifiers.extract.quoting import Kind, passages
from gateway.core.messages.media import is_pictured
from gateway.core.mime.headers import header_section, subject
from gateway.core.mime.parts import Part, parts, uudecoded

MAX_CHARACTERS = 200_000
"""Characters of shown text that are read; a message with more is `too_large`, and read as far as that."""

MAX_ATTACHED = 200_000
"""Characters of attached files that are read."""

PATIENCE = 5.0
"""Seconds that the files of one message may take; what is not read by then is `too_large`."""

_ENCRYPTED_TYPES = frozenset({"application/pgp-encrypted"})
_SEALED = re.compile(r"^(?:[A-Za-z0-9+/]{30,}={0,2}|=[A-Za-z0-9+/]{4})(?=\r?$)", re.MULTILINE)
"""The lines of an encrypted message that nobody can read."""
_UU = re.compile(r"^begin [0-7]{3,4} (\S[^\r\n]{0,200})\r?\n[!-`]{2}", re.MULTILINE)
"""A file written into a text, which some mail programs show as a file."""
_MOST_HIDDEN = 20_000


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of received text: `start` is its offset in the text of `part`; `part` is "" in attached files."""

    part: str
    start: int
    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of one message; `failed` has the words of a verdict for what could not be."""

    passages: tuple[Passage, ...]
    failed: tuple[str, ...] = ()


def read(content: bytes, channel: str = "mail", files: Sequence[Part] = ()) -> Reading:
    """What is to be read of a content (RFC 5322 bytes, or the UTF-8 text of an SMS with its `files`). Never raises.

    A picture in a mail may be a letterhead; one in a text is what the text says, and nobody here sees what is on it.
    """
    deadline = time.monotonic() + PATIENCE
    found: list[Passage] = []
    failed: list[str] = []
    shown: list[str] = []
    names: list[str] = []
    room = MAX_CHARACTERS
    if channel != "sms":
        title = subject(header_section(content))[:2000]
        if title.strip():
            found.append(Passage("subject", 0, title, Kind.SUBJECT))
    budget = documents.Budget(deadline, MAX_ATTACHED)
    for part in (*parts(content, channel), *files):
        if part.media_type == "text/plain" and "begin " in part.text and (written := _UU.search(part.text)):
            name = documents.named(written[1])
            uu = Part(part.number, "", "", uudecoded(part.data[max(0, part.data.find(b"begin ")) :]), written[1], True)
            failed.extend(_file(uu, budget, found))
            names.extend([name] if name else [])
        if part.unreadable or (channel == "sms" and is_pictured(part.media_type)):
            failed.append("unreadable")
        if part.filename and channel != "sms" and (name := documents.named(part.filename)):
            names.append(name)
        sealed = documents.is_sealed(part.text)
        if sealed or part.media_type in _ENCRYPTED_TYPES:
            failed.append("encrypted")
            if not sealed:
                continue
        if part.media_type not in ("text/plain", "text/html") or _is_other(part):
            failed.extend(_file(part, budget, found))
            continue
        if part.attached and part.media_type == "text/plain" and documents.says_nothing(part.text):
            continue
        text = part.text[:room]
        room -= len(text)
        if len(text) < len(part.text):
            failed.append("too_large")
        if sealed:  # what stands beside it can be read, and may call for help
            text = _SEALED.sub(lambda line: " " * len(line.group()), text)
        if part.media_type == "text/html" and shown and (more := beyond(text, shown)) is not None:
            found.extend(Passage(part.number, at, line, Kind.FRESH) for at, line in more.lines)
            found.extend(_hidden(part))
            continue
        shown.append(part.text)
        if part.attached:
            found.append(Passage(part.number, 0, text, Kind.ATTACHED))
        elif channel == "sms":  # no telephone quotes
            found.extend([Passage(part.number, 0, text, Kind.FRESH)] if text.strip() else [])
        else:
            found.extend(Passage(part.number, start, text[start:end], kind) for start, end, kind in passages(text))
        found.extend(_hidden(part))
    found.extend(Passage("", 0, each[:_MOST_HIDDEN], Kind.HIDDEN) for each in budget.hidden)
    if names:
        found.append(Passage("", 0, "\n".join(dict.fromkeys(names)), Kind.ATTACHED))
    return Reading(tuple(found), tuple(dict.fromkeys(failed)))


def _is_other(part: Part) -> bool:
    """Whether a part is a file of another kind than the text that it says it is."""
    if part.media_type == "text/html" and not part.attached:
        return False
    return bool(part.data) and kinds.kind_of(part.data) is not Is.TEXT


def _file(part: Part, budget: documents.Budget, found: list[Passage]) -> tuple[str, ...]:
    text, failed = documents.text_of(part.media_type, part.filename, part.data, budget)
    if text.strip():
        found.append(Passage("", 0, text, Kind.ATTACHED))
    return failed


def _hidden(part: Part) -> Iterator[Passage]:
    if part.hidden.strip():
        yield Passage("", 0, part.hidden[:_MOST_HIDDEN], Kind.HIDDEN)
