"""The commands of a transaction, with the parameters that the next hop supports, and what its content may be then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from gateway.core.messages.message import Recipient
from gateway.core.messages.refusal import Refused
from gateway.core.messages.reply import Reply, reply

_DSN_MAIL = ("RET=", "ENVID=")


class OffersExtensions(Protocol):
    """What is known of a next hop before a command is written."""

    def offers(self, extension: str) -> bool:
        """Whether the next hop announced an ESMTP extension."""


@dataclass(slots=True)
class ContentLimits:
    """What a next hop cannot take of a message whose sender announced it. It is decided on the content itself.

    `seven_bit`: no 8-bit bytes (no 8BITMIME). `ascii_header`: none in the header section (no SMTPUTF8).
    """

    seven_bit: bool = False
    ascii_header: bool = False

    def __bool__(self) -> bool:
        return self.seven_bit or self.ascii_header

    def refuses(self, content: bytes) -> Refused | None:
        """Whether the next hop cannot take a piece of content. The first piece must have the whole header section."""
        if not self or content.isascii():
            self.ascii_header = False
            return None
        if self.ascii_header:
            end = content.find(b"\r\n\r\n")
            if not content[: end if end >= 0 else len(content)].isascii():
                return Refused(554, "5.6.7", "The next hop accepts no internationalized header fields", "next_hop")
            self.ascii_header = False
        if self.seven_bit:
            return Refused(
                554, "5.6.3", "The next hop accepts no 8-bit content, and the gateway does not convert it", "next_hop"
            )
        return None


def content_limits(hop: OffersExtensions, options: Iterable[str]) -> ContentLimits:
    """What a next hop cannot take of a message that came with these options of MAIL."""
    given = {option.upper() for option in options}
    return ContentLimits(
        "BODY=8BITMIME" in given and not hop.offers("8BITMIME"), "SMTPUTF8" in given and not hop.offers("SMTPUTF8")
    )


def mail_command(hop: OffersExtensions, sender: str, options: Iterable[str], size: int | None) -> bytes | Reply:
    """MAIL with the parameters that the next hop supports, or a refusal if it cannot take the sender's address.

    BODY and SMTPUTF8 are left out if the next hop lacks them; `content_limits` says what the content may be then.
    """
    words = [f"MAIL FROM:<{sender}>"]
    for option in options:
        name = option.upper()
        if name.startswith("BODY="):
            if hop.offers("8BITMIME"):
                words.append(option)
        elif name == "SMTPUTF8":
            if hop.offers("SMTPUTF8"):
                words.append(option)
            elif not sender.isascii():
                return _no_such_addresses()
        elif hop.offers("DSN") or not name.startswith(_DSN_MAIL):
            words.append(option)
    if size is not None and hop.offers("SIZE"):
        words.append(f"SIZE={size}")
    return " ".join(words).encode()


def rcpt_command(hop: OffersExtensions, recipient: Recipient) -> bytes:
    """RCPT with the parameters that the next hop supports."""
    options = recipient.options if hop.offers("DSN") else ()
    return " ".join([f"RCPT TO:<{recipient.address}>", *options]).encode()


def refused_recipient(hop: OffersExtensions, recipient: Recipient) -> Reply | None:
    """The refusal of a recipient whose address the next hop cannot take."""
    return None if recipient.address.isascii() or hop.offers("SMTPUTF8") else _no_such_addresses()


def _no_such_addresses() -> Reply:
    return reply(553, "5.6.7", "The next hop accepts no internationalized addresses")
