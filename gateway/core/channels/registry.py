"""The channels that the gateway knows. To add one, add its record to `_CHANNELS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gateway.core.channels.capabilities import ChannelCapabilities
from gateway.core.channels.mail import MAIL_CHANNEL
from gateway.core.channels.sms import SMS_CHANNEL
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.parts import Part

_CHANNELS = {channel.name: channel for channel in (MAIL_CHANNEL, SMS_CHANNEL)}

CHANNELS: Mapping[str, ChannelCapabilities] = MappingProxyType(_CHANNELS)
"""All channels by name."""


def capabilities_of(channel: str) -> ChannelCapabilities:
    """What a channel can do. Raises KeyError for a channel that is not registered."""
    return _CHANNELS[channel]


def register(channel: ChannelCapabilities) -> Callable[[], None]:
    """Adds a channel at run time. Returns a function that removes it. Raises ValueError if the name is taken."""
    if channel.name in _CHANNELS:
        raise ValueError(f"the channel {channel.name!r} is registered already")
    _CHANNELS[channel.name] = channel

    def remove() -> None:
        del _CHANNELS[channel.name]

    return remove


def parts(content: bytes, channel: str) -> tuple[Part, ...]:
    """The parts of a content of a channel."""
    return tuple(capabilities_of(channel).read_parts(content, None))


def header_section_of(content: bytes, channel: str) -> HeaderSection:
    """The header section of a content; empty if the channel has none."""
    return HeaderSection.of(content) if capabilities_of(channel).has_header_section else HeaderSection()
