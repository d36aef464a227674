"""Media files of a text. They are fetched from their URL, stored, and read and shown as further parts of the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.html import read_html
from gateway.core.mime.parts import Part

MAX_FILES = 10
"""Files of one text that are fetched; providers accept no more."""
MAX_FILE_SIZE, MAX_TOTAL_SIZE = 5 << 20, 20 << 20
"""Bytes of one file, and of all files of one text."""
MAX_WAIT = 20.0
"""Seconds that a text waits for its files before it is published without them; the verdict timeout runs meanwhile."""

UNREADABLE, TOO_LARGE, TIMEOUT = "unreadable", "too_large", "timeout"
_AUDIOVISUAL = ("image/", "audio/", "video/")


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One media file of a text; `number` counts from 1.

    `failed`: the word for a verdict if the file is missing or not fetched yet. `content` is empty in lists of files;
    `size` and `sha256` are those of the content.
    """

    number: int
    media_type: str = ""
    size: int = 0
    sha256: str = ""
    failed: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """A media file to fetch, after `attempts` attempts; its text was accepted at `since`."""

    message_id: str
    number: int
    url: str
    attempts: int
    since: float


@dataclass(frozen=True, slots=True)
class MediaResult:
    """The result of a fetch: the content, or the word of the failure; `again`: a later attempt may succeed."""

    media_type: str = ""
    content: bytes = b""
    failed: str = ""
    again: bool = False


def media_parts(media: Sequence[MediaFile]) -> list[Part]:
    """Media files as parts that follow the text, which is part 1. Never raises."""
    return [_part(file) for file in media]


def _part(file: MediaFile) -> Part:
    part = Part(str(file.number + 1), file.media_type or "application/octet-stream", attached=True)
    if file.failed:
        return replace(part, filename="(could not be fetched)")
    text = ""
    if file.media_type == "text/html":
        html = read_html(to_text(file.content, "utf-8"))
        return replace(
            part, text=html.shown, hidden=html.hidden, data=file.content,
            gaps=html.gaps, disputed=html.is_disputed, embedded=html.embedded,
        )  # fmt: skip
    if file.media_type.startswith("text/"):
        text = to_text(file.content, "utf-8")
    return replace(part, text=text, data=file.content)


def is_audiovisual(media_type: str) -> bool:
    """Whether a file is a picture, sound or video: classifiers cannot read it."""
    return media_type.startswith(_AUDIOVISUAL)


def media_failures(media: Sequence[MediaFile], count: int) -> tuple[str, ...]:
    """Words of `failed` for the media files of a text that are missing; `count`: how many the text has."""
    words = [file.failed for file in media if file.failed]
    if len(media) < count:
        words.append(UNREADABLE)
    return tuple(dict.fromkeys(words))
