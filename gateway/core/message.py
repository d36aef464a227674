"""The public reader of a content, under a name that does not change: `gateway.core.message.parts`."""

from __future__ import annotations

from gateway.core.channels import registry
from gateway.core.mime.parts import Part

__all__ = ["Part", "parts"]


def parts(content: bytes, channel: str = "mail") -> tuple[Part, ...]:
    """The parts of a content: an RFC 5322 message, or the content of another channel."""
    return registry.parts(content, channel)
