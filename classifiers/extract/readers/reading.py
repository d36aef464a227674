"""What the readers of file formats share: the budget of a message, the content of a file, the account of a file."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.core.mime.html import DRAWING

MAX_FILE = 20 * 1024 * 1024
"""Bytes of one file. A larger one is `too_large`."""
MAX_UNPACKED = 30 * 1024 * 1024
"""Bytes that the archives and documents of one message may unpack to."""
MAX_FILES = 1_000
"""Files of one message, those inside other files included."""
MAX_PICTURES = 5
"""Pictures of one message whose words are read."""

UNREADABLE, ENCRYPTED, TOO_LARGE, INCOMPLETE, PICTURED, DISPUTED = (
    "unreadable", "encrypted", "too_large", "incomplete", "pictured", "disputed",
)  # fmt: skip
"""The words of a verdict's `failed` that a file can cause."""


@dataclass(frozen=True, slots=True)
class FileAccount:
    """What was read of a file, and what was not.

    `part`: number of the message part that the file is in. `path`: its name, after those of the files around it.
    `kind`: what it was read as, such as "docx". `failed` and `reason`: the word for the verdict and why, both empty if
    the file was read completely.
    """

    part: str
    path: str
    kind: str
    size: int
    read_characters: int
    failed: str = ""
    reason: str = ""


@dataclass(slots=True)
class Budget:
    """What the files of one message may still cost: a deadline on the monotonic clock, characters, unpacked bytes.

    `part` is the number of the message part that is being read; `accounts` collects one entry per file.
    """

    deadline: float
    characters: int
    unpacked: int = MAX_UNPACKED
    pictures: int = MAX_PICTURES
    files: int = MAX_FILES
    hidden: list[str] = field(default_factory=list)
    """Text that files contain but do not show."""
    part: str = ""
    accounts: list[FileAccount] = field(default_factory=list)

    def add_hidden(self, text: str) -> None:
        """Add text that a file contains but does not show, within the budget."""
        if text.strip():
            self.hidden.append(text[: max(self.characters, 0)])
            self.characters -= len(self.hidden[-1])

    def is_spent(self) -> bool:
        """Whether the budget is used up."""
        return self.characters <= 0 or self.unpacked <= 0 or self.files <= 0 or time.monotonic() > self.deadline


def failures_of_page(gaps: Sequence[str]) -> tuple[str, ...]:
    """The words of a verdict for the gaps of a page: a drawing is a picture, whatever it is drawn with."""
    is_drawn = DRAWING in gaps
    return (PICTURED,) * is_drawn + (UNREADABLE,) * (len(gaps) > is_drawn)


@dataclass(frozen=True, slots=True)
class InnerFile:
    """A file inside another one."""

    name: str
    data: bytes
    media_type: str = ""


@dataclass(slots=True)
class FileContent:
    """The content of a file.

    `text` is what programs show, `hidden` what the file contains beside it. `failed` maps words for the verdict to
    the reason. `files` are the files inside; they may be unpacked one by one while they are read.
    """

    kind: str
    text: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    files: Iterable[InnerFile] = ()

    def fail(self, word: str, reason: str) -> None:
        """Note that something could not be read. The first reason for a word is kept."""
        self.failed.setdefault(word, reason)

    def fail_page(self, gaps: Sequence[str]) -> None:
        """Note why a page inside was not read completely."""
        for word in failures_of_page(gaps):
            is_drawn = word == PICTURED
            self.fail(
                word, "a drawing that may show words" if is_drawn else f"HTML not read completely: {', '.join(gaps)}"
            )


def describe_files(accounts: Sequence[FileAccount]) -> tuple[list[str], list[str]]:
    """The accounts in words: what was read of each file, and what was not and why."""
    read = [
        f"{_name(account)}, {account.read_characters:,} characters" for account in accounts if account.read_characters
    ]
    unread = [
        f"{_name(account)}, {account.size:,} bytes, {account.failed}: {account.reason}"
        for account in accounts
        if account.failed
    ]
    return read, unread


def _name(account: FileAccount) -> str:
    place = f"part {account.part}" if account.part else "a file"
    return f"{place} {account.path} ({account.kind})" if account.path else f"{place} ({account.kind})"
