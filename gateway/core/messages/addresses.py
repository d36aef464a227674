"""Addresses: rewritten envelope senders unwrapped, one canonical form, and E.164 numbers.

Forwarders and lists rewrite the envelope sender: SRS0/SRS1 (and Exchange Online's `+SRS=`), BATV (`prvs=` and
variants), VERP. These functions run for every RCPT, so plain addresses return early. Nothing here raises on any input.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

import phonenumbers

_NO_ALIASES: Mapping[str, str] = MappingProxyType({})

_SRS0 = re.compile(r"srs0[=+-][^=]*=[^=]*=(?P<domain>[^=]+)=(?P<local>.+)", re.IGNORECASE | re.DOTALL)
_SRS1 = re.compile(
    r"srs1[=+-][^=]*=[^=]*=[=+-][^=]*=[^=]*=(?P<domain>[^=]+)=(?P<local>.+)",
    re.IGNORECASE | re.DOTALL,
)
_FORWARDED = re.compile(r".*\+srs=[^=]*=[^=]*=(?P<domain>[^=]+)=(?P<local>.+)", re.IGNORECASE | re.DOTALL)
_BATV = re.compile(r"(?:[a-z]{0,4}prvs\d?|btv\d)=+(?P<first>[^=]+)=+(?P<second>.+)", re.IGNORECASE | re.DOTALL)
_BATV_TAG = re.compile(r"[0-9]{4}[0-9a-f]{6}", re.IGNORECASE)
_VERP = re.compile(r"(?P<before>.+)=(?P<domain>[^=@\s]+\.[^=@\s.]+)", re.DOTALL)
_MAX_VERP_SPLITS = 8  # dashes of a VERP local part that are tried as separators
_MAX_DEPTH = 6  # nested rewriting that is followed, such as SRS inside BATV inside SRS

_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}  # dots in the local part are ignored there
_MAIL_TO_TEXT_DOMAINS = frozenset(  # gateways of carriers: the local part is a phone number
    "txt.att.net mms.att.net vtext.com vzwpix.com tmomail.net msg.fi.google.com messaging.sprintpcs.com pm.sprint.com"
    " email.uscc.net mms.uscc.net mymetropcs.com sms.cricketwireless.net mms.cricketwireless.net vmobl.com"
    " message.ting.com text.republicwireless.com mypixmessages.com mailmymobile.net mmst5.tracfone.com cspire1.com"
    " sms.myboostmobile.com myboostmobile.com messaging.nextel.com page.nextel.com cingularme.com mobile.att.net"
    " sms.alltelwireless.com mms.alltelwireless.com smtext.com cellcom.quiktxt.com viaerosms.com cwwsms.com"
    " txt.bell.ca txt.bellmobility.ca pcs.rogers.com msg.telus.com fido.ca".split()
)

_ROUTE_CHARACTERS = frozenset("@%!")
_PLAIN = re.compile(r"[a-z0-9._=-]+")
_EDGES = " \t\r\n<>"
_DOMAIN_EDGES = _EDGES + "."
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_PUNCTUATION = re.compile(r"(?:^tel:)|[\s().\-/\u2010-\u2015]+", re.IGNORECASE)
_NANP = re.compile(r"(?:\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DIALED = re.compile(r"\+?[0-9]{7,18}")


def unwrap_address(address: str) -> tuple[str, ...]:
    """The identities that an address stands for without SRS, BATV, subaddress and routes.

    A plain address stands for itself. A rewritten address does not stand for the host that rewrote it. If a scheme can
    be read in two ways, both readings are returned: too wide a scope is better than too narrow a one.
    """
    if "@" not in address:
        return (address,)
    if "+" not in address and "=" not in address and "%" not in address and "!" not in address and address[0] != "@":
        return (address,)
    found: dict[str, None] = {}
    pending: list[tuple[str, int]] = [(address, 0)]
    while pending:
        current, depth = pending.pop()
        inner = _unwrap_once(current) if depth < _MAX_DEPTH else ()
        if inner:
            pending += [(candidate, depth + 1) for candidate in reversed(inner)]
        else:
            found.setdefault(current)
    return tuple(found)


def guess_identities(address: str) -> tuple[str, ...]:
    """Further addresses that a VERP address may stand for: the owner of the list, and the recipient in it.

    `owner-list-avery=school.example@host` may be from owner-list or from owner, and may be about avery. Only guesses
    that the directory knows count: an unknown one is a wrong guess, not an unknown student.
    """
    if "=" not in address:
        return ()
    found: dict[str, None] = {}
    for identity in unwrap_address(address):
        local, _, host = identity.rpartition("@")
        verp = _VERP.fullmatch(local)
        if verp is None:
            subaddress = address.rpartition("@")[0].partition("+")[2]  # unwrap_address() removed the VERP half as one
            verp = _VERP.fullmatch(subaddress)
        if verp is None:
            continue
        before, domain = verp["before"], verp["domain"]
        found.setdefault(f"{before}@{domain}")
        at = -1
        for _ in range(_MAX_VERP_SPLITS):
            at = before.find("-", at + 1)
            if at < 0:
                break
            if before[:at]:
                found.setdefault(f"{before[:at]}@{host}")
            if before[at + 1 :]:
                found.setdefault(f"{before[at + 1 :]}@{domain}")
    return tuple(found)


def _unwrap_once(address: str) -> tuple[str, ...]:
    """The addresses inside one layer of rewriting; none if there is no layer."""
    if address[:1] == "@" and ":" in address:  # a source route (RFC 5321 appendix C)
        return (address.rpartition(":")[2],)
    local, _, host = address.rpartition("@")
    if srs := _SRS0.fullmatch(local) or _SRS1.fullmatch(local) or _FORWARDED.fullmatch(local):
        return (f"{srs['local']}@{srs['domain']}",)
    if batv := _BATV.fullmatch(local):
        first, second = batv["first"], batv["second"]
        if _BATV_TAG.fullmatch(first):
            return (f"{second}@{host}",)
        if _BATV_TAG.fullmatch(second):
            return (f"{first}@{host}",)
        return (f"{second}@{host}", f"{first}@{host}")
    plus = local.find("+")
    if plus > 0:
        return (f"{local[:plus]}@{host}",)
    if "%" in local:  # Postfix rewrites user%domain@us and domain!user@us by default
        user, _, domain = local.rpartition("%")
        if user and domain:
            return (f"{user}@{domain}",)
    if "!" in local:
        domain, _, user = local.rpartition("!")
        domain = domain.rpartition("!")[2]
        if user and domain:
            return (f"{user}@{domain}",)
    return ()


def canonical_address(address: str, aliases: Mapping[str, str] = _NO_ALIASES) -> str:
    """The form in which addresses are compared: the same for every spelling of one mailbox or number.

    It removes case, subaddress, quoting, trailing dot, domain alias (`aliases` maps other domains to the district's,
    both in lower case), IDN (as A-labels) and the dots of Gmail. A number, or a carrier's mail address for it, becomes
    E.164. The function is idempotent.
    """
    if not address.isascii():
        address = _folded(address)
    address = address.strip(_EDGES)
    local, at, domain = address.rpartition("@")
    if not at:
        return e164(address) or address.lower()
    domain = domain.strip(_DOMAIN_EDGES).lower()
    if not domain.isascii():
        domain = _a_labels(domain).strip(_DOMAIN_EDGES)
    domain = aliases.get(domain, domain)
    local = local.lower()
    if not _PLAIN.fullmatch(local):
        local = _strip_local(local)
    if domain in _DOTLESS:
        domain = _DOTLESS[domain]
        if '"' not in local:
            local = local.replace(".", "") or local
    elif domain in _MAIL_TO_TEXT_DOMAINS and (number := e164(local)):
        return number
    return f"{local}@{domain}"


def domain_of(address: str) -> str:
    """The domain of an address for choosing the next hop: lower case, A-labels, no final dot; "" if there is none.

    An alias is a domain of its own here.
    """
    _, at, domain = address.rpartition("@")
    if not at:
        return ""
    domain = domain.rstrip(".").lower()
    return domain if domain.isascii() else _a_labels(_folded(domain)).strip(_DOMAIN_EDGES)


def has_source_route(address: str) -> bool:
    """Whether the local part may contain a route (user%domain, domain!user, "user@domain")."""
    local, _, _ = address.rpartition("@")
    return not _ROUTE_CHARACTERS.isdisjoint(local)


def _strip_local(local: str) -> str:
    """A local part without quotes, outer blanks and subaddress, removed repeatedly until nothing changes."""
    while True:
        before = local
        if len(local) > 1 and local[0] == '"' == local[-1]:
            local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
        local = local.strip(_EDGES)
        plus = local.find("+")
        if plus > 0:
            local = local[:plus]
        if local == before:
            return local


def _folded(text: str) -> str:
    """Folds compatibility forms and case until nothing changes; one round is enough for nearly all text."""
    for _ in range(4):
        once = unicodedata.normalize("NFKC", text.lower())
        if once == text:
            break
        text = once
    return text


def _a_labels(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:  # not a valid DNS name: compared as written
        return domain


def e164(number: str, region: str = "US") -> str | None:
    """A phone number as E.164; None for short codes, emergency numbers and numbers with an extension.

    `region` is the country of numbers without a country code.
    """
    plain = number if _E164.fullmatch(number) else _PUNCTUATION.sub("", number)
    if _E164.fullmatch(plain) and (plain[1] != "1" or len(plain) == 12):
        return plain
    if region == "US" and (nanp := _NANP.fullmatch(plain)):
        return f"+1{nanp[1]}"
    if not _DIALED.fullmatch(plain):
        return None
    try:
        parsed = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
