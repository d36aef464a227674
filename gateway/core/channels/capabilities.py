"""What a channel can do. Code asks this record and never compares the names of channels.

A channel is added by writing its record and adding it to `gateway.core.channels.registry`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.messages.message import Message, Recipient
from gateway.core.mime.account import Reading, read_text
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.parts import Part

MAIL, SMS = "mail", "sms"
"""Names of the channels that ship with the gateway."""

JsonObject = Mapping[str, object]
"""An object of JSON values."""


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """Why some recipients of a message did not get it.

    `rejected`: an administrator rejected it; otherwise its delivery failed with `reply`. `recipients` is empty if all
    of them are meant. `at` is the time of the report.
    """

    rejected: bool
    recipients: tuple[str, ...]
    reply: str
    at: float


StatusWriter = Callable[[Message, DeliveryStatus], Message | None]
"""Writes the report to the application that submitted a message; None if it asked for none."""


def _no_words(_: Sequence[str]) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCapabilities:
    """One channel: how its content is read, how its messages leave, and how senders learn that delivery failed."""

    name: str
    """The name in rows, records, metrics and the API."""
    label: str
    """The name on pages."""
    untitled: str
    """Shown in place of a subject that is missing."""
    file_suffix: str
    """The suffix of a file that holds a content of this channel."""
    delivery_lifetime: float
    """Seconds from acceptance or release during which delivery is tried."""

    read_parts: Callable[[bytes, HeaderSection | None], Iterator[Part]]
    """The parts of a content, each decoded when requested. The header section is given if it is already parsed."""
    read_fully: Callable[[bytes, HeaderSection | None], Reading] | None = None
    """Everything that programs may show of a content, with the account of its bytes. Without it, the parts are all."""
    has_header_section: bool = False
    """The content is an RFC 5322 message: it has a subject, a Message-ID, file names and room for our seal."""
    quotes_earlier_messages: bool = False
    """Messages may contain quoted earlier messages, which are separated from the new text."""
    pictures_are_content: bool = False
    """A picture is part of what is said, not a logo: a message with one cannot be read completely."""
    media_urls: Callable[[Sequence[str]], tuple[str, ...]] = _no_words
    """The URLs of the media files in the options of an envelope, in order. The files are fetched and stored."""
    known_failures: Callable[[Sequence[str]], tuple[str, ...]] = _no_words
    """Words for a verdict's `failed` that the envelope options show before classification."""

    next_hop_key: Callable[[Recipient], str]
    """What the next hop of a recipient is chosen by: a key in `NextHop.domains`."""
    keeps_order: bool = False
    """Messages of one conversation and direction are delivered in the order of their arrival."""
    ids_sort_by_time: bool = False
    """Message ids are made from the time of acceptance, so that the least id is the oldest message."""

    report_failure: Callable[[Message, Sequence[JsonObject], float], JsonObject | None]
    """The body of a bounce follow-up for the reports on one attempt at a time; None if the sender wants no report."""
    write_status: StatusWriter | None = None
    """Reports failures and rejections to the submitting application. Without it, they are mailed to the sender."""
    mails_rejections: bool = False
    """A rejection is also mailed to the writer's district account, because the sender address receives no mail."""

    @property
    def has_media(self) -> bool:
        """Whether messages may have media files that are fetched and stored beside their content."""
        return self.media_urls is not _no_words

    def reading_of(self, content: bytes, section: HeaderSection | None = None) -> Reading:
        """Everything that programs may show of a content."""
        if self.read_fully is not None:
            return self.read_fully(content, section)
        return read_text(content, self.read_parts(content, section))
