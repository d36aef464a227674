"""Who an address stands for: rewritten envelope senders undone, one canonical form of an address, E.164 numbers.

Forwarders and lists rewrite the envelope sender: SRS0/SRS1 (and Exchange Online's `+SRS=`), BATV (`prvs=` and its
cousins), VERP. These functions are on the path of every RCPT: plain addresses leave by the first lines of each, and
nothing here raises, whatever the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

import phonenumbers

_NO_ALIASES: Mapping[str, str] = MappingProxyType({})

_SRS = (
    re.compile(r"srs0[=+-][^=]*=[^=]*=(?P<domain>[^=]+)=(?P<local>.+)", re.IGNORECASE | re.DOTALL),
    re.compile(r"srs1[=+-][^=]*=[^=]*=[=+-][^=]*=[^=]*=(?P<domain>[^=]+)=(?P<local>.+)", re.IGNORECASE | re.DOTALL),
    re.compile(r".*\+srs=[^=]*=[^=]*=(?P<domain>[^=]+)=(?P<local>.+)", re.IGNORECASE | re.DOTALL),
)
_BATV = re.compile(r"(?:[a-z]{0,4}prvs\d?|btv\d)=+(?P<first>[^=]+)=+(?P<second>.+)", re.IGNORECASE | re.DOTALL)
_BATV_TAG = re.compile(r"[0-9]{4}[0-9a-f]{6}", re.IGNORECASE)
_VERP = re.compile(r"(?P<before>.+)=(?P<domain>[^=@\s]+\.[^=@\s.]+)", re.DOTALL)
_VERP_SPLITS = 8  # more dashes than this in front of a VERP domain are not split any further
_DEPTH = 6  # an SRS address inside a BATV address inside an SRS address … is not followed for ever

_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}  # dots in the local part mean nothing there
_TEXTING = frozenset(  # carriers' mail-to-text gateways: the local part is a phone number
    "txt.att.net mms.att.net vtext.com vzwpix.com tmomail.net msg.fi.google.com messaging.sprintpcs.com pm.sprint.com"
    " email.uscc.net mms.uscc.net mymetropcs.com sms.cricketwireless.net mms.cricketwireless.net vmobl.com"
    " message.ting.com text.republicwireless.com".split()
)

_NO_ROUTE = frozenset("@%!")
_PLAIN = re.compile(r"[a-z0-9._=-]+")
_AROUND = " \t\r\n<>"
_AROUND_DOMAIN = _AROUND + "."
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_PUNCTUATION = re.compile(r"(?:^tel:)|[\s().\-/\u2010-\u2015]+", re.IGNORECASE)
_NANP = re.compile(r"(?:\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DIALLED = re.compile(r"\+?[0-9]{7,18}")


def undone(address: str) -> tuple[str, ...]:
    """The identities that an address certainly stands for once SRS, BATV, subaddress and routes are undone.

    A plain address stands for itself. A rewritten one no longer stands for the host that rewrote it, and where a
    scheme can be read in two ways both readings are given: scope is rather too wide than too narrow.
    """
    if "@" not in address:
        return (address,)
    if "+" not in address and "=" not in address and "%" not in address and "!" not in address and address[0] != "@":
        return (address,)
    found: dict[str, None] = {}
    open_: list[tuple[str, int]] = [(address, 0)]
    while open_:
        each, depth = open_.pop()
        inner = _unwrapped(each) if depth < _DEPTH else ()
        if inner:
            open_ += [(one, depth + 1) for one in reversed(inner)]
        else:
            found.setdefault(each)
    return tuple(found)


def guessed(address: str) -> tuple[str, ...]:
    """What a VERP address may stand for beside `undone`: the owner of the list, and the address that it carries.

    `owner-list-avery=school.example@host` may be owner-list's or owner's, and may speak of avery. Only addresses that
    the directory knows are worth anything here: an unknown one of these is a bad guess and not an unknown student.
    """
    if "=" not in address:
        return ()
    found: dict[str, None] = {}
    for each in undone(address):
        local, _, host = each.rpartition("@")
        verp = _VERP.fullmatch(local)
        if verp is None:
            plain = address.rpartition("@")[0].partition("+")[2]  # undone() took the VERP half for a subaddress
            verp = _VERP.fullmatch(plain)
        if verp is None:
            continue
        before, domain = verp["before"], verp["domain"]
        found.setdefault(f"{before}@{domain}")
        at = -1
        for _ in range(_VERP_SPLITS):
            at = before.find("-", at + 1)
            if at < 0:
                break
            if before[:at]:
                found.setdefault(f"{before[:at]}@{host}")
            if before[at + 1 :]:
                found.setdefault(f"{before[at + 1 :]}@{domain}")
    return tuple(found)


def _unwrapped(address: str) -> tuple[str, ...]:
    """The addresses one layer further in; none where there is no layer."""
    if address[:1] == "@" and ":" in address:  # a source route (RFC 5321 appendix C)
        return (address.rpartition(":")[2],)
    local, _, host = address.rpartition("@")
    for scheme in _SRS:
        if srs := scheme.fullmatch(local):
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
    if "%" in local:  # Postfix still rewrites user%domain@us and domain!user@us by default
        user, _, domain = local.rpartition("%")
        if user and domain:
            return (f"{user}@{domain}",)
    if "!" in local:
        domain, _, user = local.rpartition("!")
        domain = domain.rpartition("!")[2]
        if user and domain:
            return (f"{user}@{domain}",)
    return ()


def canonical(address: str, aliases: Mapping[str, str] = _NO_ALIASES) -> str:
    """The one form in which addresses are compared; the same for every way of writing one mailbox or number.

    Case, subaddress, quoting, trailing dot, domain alias (`aliases`: other domain to the district's, both lower case),
    IDN (as A-labels) and the dots of Gmail are taken out; a number, or a carrier's mail address for it, becomes E.164.
    Applied twice it changes nothing more.
    """
    if not address.isascii():
        address = _folded(address)
    address = address.strip(_AROUND)
    local, at, domain = address.rpartition("@")
    if not at:
        return e164(address) or address.lower()
    domain = domain.strip(_AROUND_DOMAIN).lower()
    if not domain.isascii():
        domain = _a_labels(domain).strip(_AROUND_DOMAIN)
    domain = aliases.get(domain, domain)
    local = local.lower()
    if not _PLAIN.fullmatch(local):
        local = _bare(local)
    if domain in _DOTLESS:
        domain = _DOTLESS[domain]
        if '"' not in local:
            local = local.replace(".", "") or local
    elif domain in _TEXTING and (number := e164(local)):
        return number
    return f"{local}@{domain}"


def domain_of(address: str) -> str:
    """The domain of an address as next hops are chosen by it: lower case, A-labels, no final dot; "" where it has none.

    What it stands for is not asked here: an alias is a domain of its own.
    """
    _, at, domain = address.rpartition("@")
    if not at:
        return ""
    domain = domain.rstrip(".").lower()
    return domain if domain.isascii() else _a_labels(_folded(domain)).strip(_AROUND_DOMAIN)


def names_route(address: str) -> bool:
    """Whether a local part may name where its mail goes on to (user%domain, domain!user, "user@domain")."""
    local, _, _ = address.rpartition("@")
    return not _NO_ROUTE.isdisjoint(local)


def _bare(local: str) -> str:
    """A local part without its quotes, outer blanks and subaddress; taken off layer by layer until none is left."""
    while True:
        before = local
        if len(local) > 1 and local[0] == '"' == local[-1]:
            local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
        local = local.strip(_AROUND)
        plus = local.find("+")
        if plus > 0:
            local = local[:plus]
        if local == before:
            return local


def _folded(text: str) -> str:
    """Compatibility forms and case folded, until nothing changes any more (one round does for nearly all text)."""
    for _ in range(4):
        once = unicodedata.normalize("NFKC", text.lower())
        if once == text:
            break
        text = once
    return text


def _a_labels(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:  # not a name that DNS could hold: compared as written
        return domain


def e164(number: str, region: str = "US") -> str | None:
    """A phone number as E.164, or None: short codes, emergency numbers and numbers with an extension have none.

    `region` is where a number without a country code is dialled.
    """
    plain = number if _E164.fullmatch(number) else _PUNCTUATION.sub("", number)
    if _E164.fullmatch(plain) and (plain[1] != "1" or len(plain) == 12):
        return plain
    if region == "US" and (nanp := _NANP.fullmatch(plain)):
        return f"+1{nanp[1]}"
    if not _DIALLED.fullmatch(plain):
        return None
    try:
        parsed = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
