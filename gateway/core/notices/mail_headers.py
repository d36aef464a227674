"""The header of mail that the gateway writes itself: bounces and notices (RFC 5322, RFC 3834, RFC 6532).

Everything here is made of its arguments alone, so that the same followup always makes the same letter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")

_LONGEST = 900


def to_bytes(text: str) -> bytes:
    """UTF-8; the bytes of an address that was none are given back as they came."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def field(name: str, value: str) -> bytes:
    """One header field in one line of at most 998 bytes; line ends and other controls in the value become a blank."""
    value = _CONTROLS.sub(" ", value).strip()
    while (size := len(to_bytes(value))) > _LONGEST:
        value = value[: len(value) * _LONGEST // size]
    return to_bytes(f"{name}: {value}\r\n")


def date(at: float) -> str:
    """A time as mail writes it."""
    return format_datetime(datetime.fromtimestamp(int(at), UTC))


def head(
    *, sender: str, shown: str, to: Sequence[str], subject: str, name: str, hostname: str, at: float, replied: bool
) -> bytes:
    """The fields that all our letters begin with, MIME-Version last. `replied`: it answers one message (RFC 3834)."""
    addresses = (_CONTROLS.sub(" ", address) for address in to)
    return b"".join(
        [
            field("From", f"{shown} <{sender}>"),
            b"To: " + b",\r\n ".join(to_bytes(f"<{address}>") for address in addresses) + b"\r\n",
            field("Subject", subject),
            field("Date", date(at)),
            field("Message-ID", f"<{name}@{hostname}>"),
            field("Auto-Submitted", "auto-replied" if replied else "auto-generated"),
            field("MIME-Version", "1.0"),
        ]
    )


def encoding(*contents: bytes) -> bytes:
    """The Content-Transfer-Encoding of contents that go as they are."""
    plain = all(content.isascii() for content in contents)
    return field("Content-Transfer-Encoding", "7bit" if plain else "8bit")


def options(content: bytes, recipients: Sequence[str]) -> tuple[str, ...]:
    """The ESMTP parameters of MAIL that a letter of ours needs (RFC 6152, RFC 6531)."""
    section = content.partition(b"\r\n\r\n")[0]
    utf8 = not section.isascii() or not all(address.isascii() for address in recipients)
    return ("BODY=8BITMIME",) * (not content.isascii()) + ("SMTPUTF8",) * utf8
