"""XCLIENT: a mail proxy in `smtp.proxies` says who its client is (Postfix, XCLIENT_README)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from gateway.core.messages.refusal import Refused

ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN")

_NONE = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")
_HEX = re.compile(r"\+([0-9A-Fa-f]{2})")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2})*")
_WORD = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True, slots=True)
class ClientAttributes:
    """What a proxy says of its client. None: not said. "": not known. `protocol`: SMTP or ESMTP."""

    address: str | None = None
    helo: str | None = None
    login: str | None = None
    protocol: str | None = None


def parse_xclient(argument: str) -> ClientAttributes:
    """Parse the argument of XCLIENT. NAME and PORT are checked and not used. Raises Refused."""
    said: dict[str, str] = {}
    for word in argument.split():
        name, separator, value = word.partition("=")
        name = name.upper()
        if not separator or name not in ATTRIBUTES or name in said:
            raise _malformed()
        said[name] = _decode(value)
    if not said:
        raise _malformed()
    port = said.get("PORT", "")
    if port and not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise _malformed()
    protocol = said.get("PROTO")
    if protocol is not None and protocol.upper() not in ("", "SMTP", "ESMTP"):
        raise _malformed()
    address = said.get("ADDR")
    return ClientAttributes(
        None if address is None else _address(address), said.get("HELO"), said.get("LOGIN"),
        protocol.upper() if protocol else None,
    )  # fmt: skip


def offered_attributes() -> str:
    """The line for EHLO."""
    return " ".join(("XCLIENT", *ATTRIBUTES))


def _decode(value: str) -> str:
    """The value of an attribute in xtext; "" for one that the proxy does not know."""
    if value.upper() in _NONE:
        return ""
    if not _XTEXT.fullmatch(value):
        raise _malformed()
    text = _HEX.sub(lambda found: chr(int(found[1], 16)), value)
    if text and not _WORD.fullmatch(text):
        raise _malformed()
    return text


def _address(value: str) -> str:
    if not value:
        return ""
    literal = value[5:] if value[:5].upper() == "IPV6:" else value
    try:
        return str(ipaddress.ip_address(literal))
    except ValueError:
        raise _malformed() from None


def _malformed() -> Refused:
    return Refused(501, "5.5.4", "XCLIENT attribute not understood", "syntax")
