"""Pictures and files of a text: kept elsewhere, fetched for reading, and read and shown as further parts of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.core.mime.charsets import to_text
from gateway.core.mime.html import visible_text
from gateway.core.mime.parts import Part

MOST = 10
"""Pictures and files of one text that are fetched: more no provider takes."""
LARGEST, LARGEST_TOGETHER = 5 << 20, 20 << 20
"""Bytes of one of them, and of all those of one text."""
WAIT = 20.0
"""Seconds that a text waits for them before it is published without; the clock of its verdict runs meanwhile."""

UNREADABLE, TOO_LARGE, TIMEOUT = "unreadable", "too_large", "timeout"
_PICTURED = ("image/", "audio/", "video/")


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One picture or file of a text, `number` from 1; `failed`: the word for a verdict where it is not there (yet).

    `content` is empty where only facts about it are asked for; `size` and `sha256` are those of the content.
    """

    number: int
    media_type: str = ""
    size: int = 0
    sha256: str = ""
    failed: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """A picture or file that is to be fetched; `attempts` were made, `since` when its text was taken."""

    message_id: str
    number: int
    url: str
    attempts: int
    since: float


@dataclass(frozen=True, slots=True)
class MediaResult:
    """What came of fetching one: its content, or the word that says why there is none; `again`: it may come later."""

    media_type: str = ""
    content: bytes = b""
    failed: str = ""
    again: bool = False


def media_parts(media: Sequence[MediaFile]) -> list[Part]:
    """Pictures and files as parts behind the text, which is part 1. Never raises."""
    return [_part(each) for each in media]


def _part(medium: MediaFile) -> Part:
    part = Part(str(medium.number + 1), medium.media_type or "application/octet-stream", attached=True)
    if medium.failed:
        return replace(part, filename="(could not be fetched)")
    text, hidden = "", ""
    if medium.media_type == "text/html":
        text, hidden = visible_text(to_text(medium.content, "utf-8"))
    elif medium.media_type.startswith("text/"):
        text = to_text(medium.content, "utf-8")
    return replace(part, text=text, hidden=hidden, data=medium.content)


def is_pictured(media_type: str) -> bool:
    """Whether something shows or sounds rather than says: no reader here knows what is on it."""
    return media_type.startswith(_PICTURED)


def unfetched(media: Sequence[MediaFile], count: int) -> tuple[str, ...]:
    """Words of `failed` for the pictures and files of a text that are not there; `count`: how many it has."""
    words = [each.failed for each in media if each.failed]
    if len(media) < count:
        words.append(UNREADABLE)
    return tuple(dict.fromkeys(words))
