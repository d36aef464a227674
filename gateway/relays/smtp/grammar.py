"""The grammar of MAIL and RCPT: paths and ESMTP parameters (RFC 5321, 6531, 3461, 1870, 6152).

Addresses keep their spelling, including quotes and case. Source routes are dropped, as RFC 5321 allows. Parameters keep
their case and order, because ENVID and ORCPT have a meaning for the sender.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.core.messages.refusal import Refused

_MAX_PATH = 512
_MAX_PARAMETER = 1024
_LOCAL = r'(?:[^\x00-\x20"(),:;<>@\[\\\]\x7f-\x9f]+|"(?:[^\x00-\x1f"\\\x7f-\x9f]|\\[\x20-\x7e])*")'
_LABELS = r"[A-Za-z0-9_\u00a1-\U0010ffff](?:[A-Za-z0-9_.\-\u00a1-\U0010ffff]*[A-Za-z0-9_\u00a1-\U0010ffff])?"
_LITERAL = r"\[[\x21-\x5a\x5e-\x7e]+\]"
_ROUTE = rf"@{_LABELS}(?:,@{_LABELS})*:"
_MAILBOX = rf"(?:{_LOCAL})@(?:{_LABELS}\.?|{_LITERAL})"
_BRACKETED = re.compile(rf"<(?:{_ROUTE})?({_MAILBOX}|[Pp][Oo][Ss][Tt][Mm][Aa][Ss][Tt][Ee][Rr]|)>(?: |$)")
_BARE = re.compile(rf"({_MAILBOX})(?: |$)")
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20\x7f]+))?$")
_XTEXT = re.compile(r"(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})+$")
_NOTIFY = re.compile(r"(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)$", re.IGNORECASE)
_ORCPT = re.compile(r"[A-Za-z0-9-]+;.+$")


@dataclass(frozen=True, slots=True)
class MailCommand:
    """MAIL as given. `sender` "" is the null sender; `options` are without SIZE; `size` is None if not given."""

    sender: str
    options: tuple[str, ...]
    size: int | None
    utf8: bool


@dataclass(frozen=True, slots=True)
class RcptCommand:
    """RCPT as given. `address` may be the bare word postmaster."""

    address: str
    options: tuple[str, ...]


def parse_mail(argument: str, *, extended: bool = True) -> MailCommand:
    """Parse the argument of MAIL. Raises Refused."""
    sender, words = _path(argument, "FROM:")
    if sender.lower() == "postmaster":
        raise _malformed()
    kept, size, utf8 = [], None, False
    for name, value, word in _parameters(words, extended):
        match name:
            case "SIZE" if value.isascii() and value.isdigit() and len(value) <= 20:
                size = int(value)
            case "BODY" if value.upper() in ("7BIT", "8BITMIME"):
                kept.append(word)
            case "SMTPUTF8" if not value:
                utf8 = True
                kept.append(word)
            case "RET" if value.upper() in ("FULL", "HDRS"):
                kept.append(word)
            case "ENVID" if _XTEXT.match(value) and len(value) <= 100:
                kept.append(word)
            case "AUTH" if value:
                pass  # dropped, as RFC 4954 allows: we cannot vouch for the submitter
            case "SIZE" | "BODY" | "SMTPUTF8" | "RET" | "ENVID" | "AUTH":
                raise Refused(501, "5.5.4", "Parameter value not understood", "syntax")
            case _:
                raise _unknown()
    _require_ascii(utf8, sender, kept)
    return MailCommand(sender, tuple(kept), size, utf8)


def parse_rcpt(argument: str, *, utf8: bool, extended: bool = True) -> RcptCommand:
    """Parse the argument of RCPT. `utf8`: MAIL had SMTPUTF8. Raises Refused."""
    address, words = _path(argument, "TO:")
    if not address:
        raise _malformed()
    kept = []
    for name, value, word in _parameters(words, extended):
        match name:
            case "NOTIFY" if _NOTIFY.match(value):
                kept.append(word)
            case "ORCPT" if _ORCPT.match(value) and len(value) <= 500:
                kept.append(word)
            case "NOTIFY" | "ORCPT":
                raise Refused(501, "5.5.4", "Parameter value not understood", "syntax")
            case _:
                raise _unknown()
    _require_ascii(utf8, address, kept)
    return RcptCommand(address, tuple(kept))


def _path(argument: str, keyword: str) -> tuple[str, list[str]]:
    if argument[: len(keyword)].upper() != keyword:
        raise Refused(501, "5.5.4", f"Syntax: {keyword}<address>", "syntax")
    rest = argument[len(keyword) :].strip(" ")
    found = _BRACKETED.match(rest) or _BARE.match(rest)
    if found is None or len(found[1].encode("utf-8", "surrogatepass")) > _MAX_PATH or _undecoded(found[1]):
        raise _malformed()
    return found[1], [word for word in rest[found.end() :].split(" ") if word]


def _parameters(words: list[str], extended: bool) -> list[tuple[str, str, str]]:
    if words and not extended:
        raise Refused(501, "5.5.4", "Parameters need EHLO", "syntax")
    found = []
    for word in words:
        match = _PARAMETER.match(word)
        if match is None or len(word) > _MAX_PARAMETER or _undecoded(word):
            raise Refused(501, "5.5.4", "Parameter not understood", "syntax")
        found.append((match[1].upper(), match[2] or "", word))
    if len({name for name, _, _ in found}) != len(found):
        raise Refused(501, "5.5.4", "Parameter given twice", "syntax")
    return found


def _undecoded(text: str) -> bool:
    """Whether the bytes were not UTF-8: such bytes are decoded as surrogates."""
    return any("\ud800" <= char <= "\udfff" for char in text) if not text.isascii() else False


def _require_ascii(utf8: bool, address: str, options: list[str]) -> None:
    if not utf8 and not (address.isascii() and all(map(str.isascii, options))):
        raise Refused(553, "5.6.7", "Address needs SMTPUTF8", "syntax")


def _malformed() -> Refused:
    return Refused(553, "5.1.3", "Malformed address", "syntax")


def _unknown() -> Refused:
    return Refused(555, "5.5.4", "Parameter not recognized or not implemented", "syntax")
