"""Reading content outside the serving process. See docs/architecture.md, No message can hurt another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from gateway.core.channels.registry import capabilities_of, header_section_of, parts
from gateway.core.messages.media import MediaFile, media_parts
from gateway.core.mime.account import ByteSpan
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.excerpt import EXCERPT_BYTES, excerpt
from gateway.core.mime.page.sanitizer import sanitized_pieces
from gateway.core.mime.parts import Part
from gateway.core.mime.shown_header import MAX_HEADER_BYTES, ShownHeader, shown_header
from gateway.core.mime.signature import signed_names
from gateway.core.review.views import MessageDetail


class ContentParser(Protocol):
    """Reads contents in processes of their own, with limits on time, memory and output. Nothing raises for a content.

    What cannot be read within the limits is left out.
    """

    async def excerpt(self, channel: str, content: bytes) -> str:
        """The start of the new text; "" if it cannot be read, or if every process is busy with other contents."""

    async def signed_names(self, channel: str, content: bytes) -> Sequence[str]:
        """The names that the start of a text may be signed with; none where an excerpt would be ""."""

    async def header(self, channel: str, content: bytes) -> ShownHeader:
        """What is shown of the header section; empty if the channel has none, or if it cannot be read."""

    async def parts(self, channel: str, content: bytes, media: Sequence[MediaFile] = ()) -> Sequence[Part]:
        """The parts of a content, then its media files; a single unreadable one if they cannot be read."""

    async def account(self, channel: str, content: bytes) -> Sequence[ByteSpan]:
        """What every byte of a content is, and whether it is read."""

    async def html(self, source: bytes) -> Sequence[tuple[str, str]]:
        """The sanitized pieces of an HTML part: pairs of markup and the text that follows it."""


class ReadHere:
    """A ContentParser that reads in this process: for commands and tests, and inside a reading process."""

    async def excerpt(self, channel: str, content: bytes) -> str:
        """See ContentParser."""
        return excerpt_of(channel, content)

    async def signed_names(self, channel: str, content: bytes) -> Sequence[str]:
        """See ContentParser."""
        return signed_names_of(channel, content)

    async def header(self, channel: str, content: bytes) -> ShownHeader:
        """See ContentParser."""
        return header_of(channel, content)

    async def parts(self, channel: str, content: bytes, media: Sequence[MediaFile] = ()) -> Sequence[Part]:
        """See ContentParser."""
        return parts_of(channel, content, media)

    async def account(self, channel: str, content: bytes) -> Sequence[ByteSpan]:
        """See ContentParser."""
        return account_of(channel, content)

    async def html(self, source: bytes) -> Sequence[tuple[str, str]]:
        """See ContentParser."""
        return sanitized_pieces(to_text(source))


def excerpt_of(channel: str, content: bytes) -> str:
    """The excerpt of a content, read in this process."""
    return excerpt(capabilities_of(channel).read_parts(content[:EXCERPT_BYTES], None))


def signed_names_of(channel: str, content: bytes) -> Sequence[str]:
    """The names that the start of a text may be signed with, read in this process."""
    return signed_names(capabilities_of(channel).read_parts(content[:EXCERPT_BYTES], None))


async def read_detail(
    reader: ContentParser, detail: MessageDetail, *, parts: bool = True, account: bool = False
) -> MessageDetail:
    """A message with its header read, and with its parts and the account of its bytes, if wanted."""
    channel, content = detail.channel, detail.content
    if detail.read_header is None:
        begin = content[:MAX_HEADER_BYTES]
        has_header = bool(begin) and capabilities_of(channel).has_header_section
        detail = replace(detail, read_header=await reader.header(channel, begin) if has_header else ShownHeader())
    if parts and detail.read_parts is None:
        is_empty = not content and not detail.media
        read = () if is_empty else tuple(await reader.parts(channel, content, detail.media))
        detail = replace(detail, read_parts=read)
    if account and detail.read_account is None:
        detail = replace(detail, read_account=tuple(await reader.account(channel, content)))
    return detail


def header_of(channel: str, content: bytes) -> ShownHeader:
    """What is shown of a header section, read in this process."""
    return shown_header(header_section_of(content[:MAX_HEADER_BYTES], channel))


def parts_of(channel: str, content: bytes, media: Sequence[MediaFile] = ()) -> Sequence[Part]:
    """The parts of a content and its media files, read in this process."""
    return (*parts(content, channel), *media_parts(media))


def account_of(channel: str, content: bytes) -> Sequence[ByteSpan]:
    """The account of a content, read in this process."""
    return tuple(capabilities_of(channel).reading_of(content).spans)
