"""Reading content outside the serving process. See docs/architecture.md, No message can hurt another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.channels.registry import capabilities_of, parts
from gateway.core.mime.account import ByteSpan
from gateway.core.mime.charsets import to_text
from gateway.core.mime.excerpt import EXCERPT_BYTES, excerpt
from gateway.core.mime.page.sanitizer import sanitized_pieces
from gateway.core.mime.parts import Part
from gateway.core.mime.signature import signed_names


class ContentParser(Protocol):
    """Reads contents in processes of their own, with limits on time, memory and output. Nothing raises for a content.

    What cannot be read within the limits is left out.
    """

    async def excerpt(self, channel: str, content: bytes) -> str:
        """The start of the new text; "" if it cannot be read, or if every process is busy with other contents."""

    async def signed_names(self, channel: str, content: bytes) -> Sequence[str]:
        """The names that the start of a text may be signed with; none where an excerpt would be ""."""

    async def parts(self, channel: str, content: bytes) -> Sequence[Part]:
        """The parts of a content; a single unreadable one if it cannot be read."""

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

    async def parts(self, channel: str, content: bytes) -> Sequence[Part]:
        """See ContentParser."""
        return parts(content, channel)

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


def account_of(channel: str, content: bytes) -> Sequence[ByteSpan]:
    """The account of a content, read in this process."""
    return tuple(capabilities_of(channel).reading_of(content).spans)
