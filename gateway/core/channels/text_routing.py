"""Texts: which ones pass unread, whose number a party is, and by which way a text leaves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from gateway.core.messages.addresses import e164
from gateway.core.messages.message import Recipient

AT_ONCE = frozenset("STOP STOPALL END QUIT CANCEL UNSUBSCRIBE START HELP".split())
"""The words of opting out and in: a text that is nothing else passes unheld and unclassified."""

EMERGENCY = "911"
PROVIDER, APP = "provider", "app"
"""The ways out of a text: to the provider, who brings it to a phone, and to the district's texting application."""

_FORMS = (("form",), ("json",))  # the first options of a text over the Twilio way
_VIA = "via="
_PUNCTUATION = re.compile(r"^tel:|[\s().\-/\u2010-\u2015]+", re.IGNORECASE)
_MEDIUM = re.compile(r"[a-z]{2,12}:(?=\+?[0-9(])", re.IGNORECASE)


def passes_at_once(to: str, text: str, *, media: bool = False) -> bool:
    """Whether a text is for an emergency number, or nothing but one of the words `AT_ONCE`; `media`: has it any."""
    if _PUNCTUATION.sub("", to) == EMERGENCY:
        return True
    word = text.strip()
    return not media and word.isascii() and word.upper() in AT_ONCE


def party(address: str) -> str:
    """The one form of a party's address: E.164, or as it came for short codes and names made of letters.

    The medium in front of a number (whatsapp:, rcs:) says nothing of whose it is, nor does the script of its digits.
    """
    bare = _MEDIUM.sub("", address.strip(), count=1)
    return e164(bare if bare.isascii() else "".join(map(_plain, bare))) or bare


def _plain(letter: str) -> str:
    value = unicodedata.decimal(letter, None)
    return unicodedata.normalize("NFKC", letter) if value is None else str(value)


def via(way: str) -> str:
    """The option of a recipient that says by which way its copy leaves."""
    return _VIA + way


def way_of(recipient: Recipient) -> str:
    """The way by which a recipient's copy of a text leaves; "" if it is not set."""
    return named(recipient.options, "via")


def named(options: Sequence[str], name: str) -> str:
    """The value of the first option of a name, "" where there is none."""
    return next((each[len(name) + 1 :] for each in options if each.startswith(f"{name}=")), "")


def known_failures(options: Sequence[str]) -> tuple[str, ...]:
    """Words of a verdict's `failed` that the way in already knows of a text: incomplete, unreadable.

    The provider's templates are kept as names only: nobody here has seen them. Nor a picture without an address.
    """
    if tuple(options[:1]) in _FORMS:
        told = next(_fields(options, "NumMedia"), "0")
        more = told.isdecimal() and int(told[:4]) > len(media_urls(options))
        return ("unreadable",) if more or any(_fields(options, "ContentSid")) else ()
    if tuple(options[:1]) != ("smpp",):
        return ()
    return tuple(word for word in named(options, "failed").split(",") if word)


def media_urls(options: Sequence[str]) -> tuple[str, ...]:
    """The addresses of the pictures and files of a text, in their order."""
    return tuple(_fields(options, "MediaUrl")) if tuple(options[:1]) in _FORMS else ()


def _fields(options: Sequence[str], name: str) -> Iterator[str]:
    fields = (option.partition("=") for option in options[1:])
    return (value for key, _, value in fields if key.startswith(name) and value)
