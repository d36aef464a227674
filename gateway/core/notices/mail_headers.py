"""Header fields of mail that the gateway writes itself: bounces and notices (RFC 5322, RFC 3834, RFC 6532).

The result depends on the arguments only, so the same follow-up always gives the same mail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")

_MAX_VALUE = 900  # bytes


def to_bytes(text: str) -> bytes:
    """Encode in UTF-8. Bytes that were not UTF-8 when they arrived come out unchanged."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def header_field(name: str, value: str) -> bytes:
    """One header field in one line of at most 998 bytes. Line breaks and other controls in the value become spaces."""
    value = _CONTROLS.sub(" ", value).strip()
    while (size := len(to_bytes(value))) > _MAX_VALUE:
        value = value[: len(value) * _MAX_VALUE // size]
    return to_bytes(f"{name}: {value}\r\n")


def mail_date(at: float) -> str:
    """A time, in seconds since the epoch, as a date of RFC 5322."""
    return format_datetime(datetime.fromtimestamp(int(at), UTC))


def message_header(
    *,
    sender: str,
    sender_name: str,
    to: Sequence[str],
    subject: str,
    name: str,
    hostname: str,
    at: float,
    replied: bool,
) -> bytes:
    """The first fields of our mail, MIME-Version last. `replied`: it answers one message (RFC 3834)."""
    addresses = (_CONTROLS.sub(" ", address) for address in to)
    return b"".join(
        [
            header_field("From", f"{sender_name} <{sender}>"),
            b"To: " + b",\r\n ".join(to_bytes(f"<{address}>") for address in addresses) + b"\r\n",
            header_field("Subject", subject),
            header_field("Date", mail_date(at)),
            header_field("Message-ID", f"<{name}@{hostname}>"),
            header_field("Auto-Submitted", "auto-replied" if replied else "auto-generated"),
            header_field("MIME-Version", "1.0"),
        ]
    )


def transfer_encoding(*contents: bytes) -> bytes:
    """The Content-Transfer-Encoding of contents that are not encoded."""
    plain = all(content.isascii() for content in contents)
    return header_field("Content-Transfer-Encoding", "7bit" if plain else "8bit")


def mail_parameters(content: bytes, recipients: Sequence[str]) -> tuple[str, ...]:
    """The ESMTP parameters of MAIL that our mail needs (RFC 6152, RFC 6531)."""
    section = content.partition(b"\r\n\r\n")[0]
    utf8 = not section.isascii() or not all(address.isascii() for address in recipients)
    return ("BODY=8BITMIME",) * (not content.isascii()) + ("SMTPUTF8",) * utf8
