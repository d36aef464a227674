"""Texts: normalized numbers, carrier words that pass at once, and the route by which a text leaves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from gateway.core.channels.smpp_readings import is_call
from gateway.core.messages.addresses import e164
from gateway.core.messages.message import Recipient

CARRIER_WORDS = frozenset("STOP STOPALL END QUIT CANCEL UNSUBSCRIBE START".split())
"""The words of opting out and in: a text that is nothing else is neither classified nor held.

HELP is not among them. To a line that stands for nobody it forms no pair and passes anyway; to a person it is a call
for help, which classifiers find.
"""

EMERGENCY = frozenset({"911", "988", "112"})
"""Numbers of emergency services and of the crisis line."""
PROVIDER, APP = "provider", "app"
"""Routes of a text: to the provider, who delivers it to a phone, and to the district's texting application."""

OTHER_WORDS = "chaperone:other-words"
"""The name of the last envelope option of a form with words in other fields than its Body: the size of these words.

It starts with a zero if they dispute nothing.
"""
READING_MARK, NAMES_MARK = "\u2029\u2029", "\u2029\u2028"
"""Separators in a stored text. Each reading of it after the first stands behind READING_MARK, and is read alone.

Behind the last NAMES_MARK stand the names of a student, which are shown beside each of their texts.
"""
_TWILIO_FORMS = (("form",), ("json",))  # the first option of a text that came over Twilio
_ROUTE = "via="
_LETTER = re.compile(r"[^\W\d_]")
_PARTICLES = frozenset("al and bin da das de del den der di do dos du e el la las los of san the van von y".split())
_MAX_NAME, _MANY_WORDS, _LONG_WORD = 40, 3, 4
_PUNCTUATION = re.compile(r"^tel:|[\s().\-/\u2010-\u2015]+", re.IGNORECASE)
_MEDIUM = re.compile(r"[a-z]{2,12}:(?=\+?[0-9(])", re.IGNORECASE)


def passes_at_once(to: str, text: str, *, media: bool = False) -> bool:
    """Whether a text is addressed to one of EMERGENCY, or is one of CARRIER_WORDS and has no media."""
    if _PUNCTUATION.sub("", to) in EMERGENCY:
        return True
    word = text.strip()
    return not media and word.isascii() and word.upper() in CARRIER_WORDS


def normalize_number(address: str) -> str:
    """The canonical form of an address: E.164, or unchanged for short codes and alphanumeric senders.

    The medium before a number (whatsapp:, rcs:) and the script of its digits do not matter.
    """
    bare = _MEDIUM.sub("", address.strip(), count=1)
    return e164(bare if bare.isascii() else "".join(map(_ascii_digit, bare))) or bare


def _ascii_digit(letter: str) -> str:
    value = unicodedata.decimal(letter, None)
    return unicodedata.normalize("NFKC", letter) if value is None else str(value)


def route_option(route: str) -> str:
    """The option of a recipient that sets the route of its copy."""
    return _ROUTE + route


def route_of(recipient: Recipient) -> str:
    """The route by which a recipient's copy of a text leaves; "" if it is not set."""
    return option_named(recipient.options, "via")


def option_named(options: Sequence[str], name: str) -> str:
    """The value of the first option of a name, in exact case; "" if there is none."""
    return next((option[len(name) + 1 :] for option in options if option.startswith(f"{name}=")), "")


def known_failures(options: Sequence[str]) -> tuple[str, ...]:
    """Words of a verdict's `failed` that the options of a text show: "incomplete", "unreadable" and the like.

    The provider's templates are kept as names only, so their text is unknown. So is media without a URL.
    """
    if tuple(options[:1]) in _TWILIO_FORMS:
        count = next(_values(options, "NumMedia"), "0")
        missing_urls = count.isdecimal() and int(count[:4]) > len(media_urls(options))
        unknown = missing_urls or any(_values(options, "ContentSid"))
        return ("unreadable",) * unknown + ("disputed",) * _has_other_words(options)
    if tuple(options[:1]) != ("smpp",):
        return ()
    return tuple(word for word in option_named(options, "failed").split(",") if word)


def media_urls(options: Sequence[str]) -> tuple[str, ...]:
    """The URLs of the media files of a text, in order."""
    return tuple(_values(options, "MediaUrl")) if tuple(options[:1]) in _TWILIO_FORMS else ()


def _has_other_words(options: Sequence[str]) -> bool:
    """Whether a form has words in other fields than its Body, which dispute it."""
    size = next(_values(options[-1:], OTHER_WORDS, start=0), "")
    return not size.startswith("0") and size != ""


def without_marks(text: str) -> str:
    """A text that nothing in a content takes for a separator."""
    return text.replace("\u2029", "\n") if "\u2029" in text else text


def is_name(words: str) -> bool:
    """Whether words beside a text are like the name of a person or a company, so that they say nothing.

    A name is short, and its words are two at most, or have capitals, or are longer than those that join a sentence.
    """
    found = [word for word in words.split() if _LETTER.search(word)]
    if len(words) > _MAX_NAME or any(map(is_call, (words, *found))):
        return False
    return len(found) < _MANY_WORDS or all(
        not _LETTER.findall(word)[0].islower() or len(word) >= _LONG_WORD or word in _PARTICLES for word in found
    )


def _values(options: Sequence[str], name: str, start: int = 1) -> Iterator[str]:
    fields = (option.partition("=") for option in options[start:])
    return (value for key, _, value in fields if key.startswith(name) and value)
