"""Short calls for help in codes, and ordinary short texts that are none in any."""

from __future__ import annotations

import random
import re
from base64 import b32encode, b64encode
from codecs import encode
from collections.abc import Callable
from itertools import zip_longest
from string import ascii_lowercase
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifiers.extract.hidden_writing.code_runs import MORSE
from classifiers.extract.hidden_writing.other_letters.phone_keys import KEY_OF_LETTER
from classifiers.normalize.language import known_words
from classifiers.normalize.word_pairs import words_with_pairs
from classifiers.pipeline.help_words import is_help_word

CALLS = ("help", "help me", "ayuda", "please help", "auxilio", "help me please", "socorro")
_NAMES = (
    "alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey xray yankee zulu"
).split()
_SIGNS = {letter: signs for signs, letter in MORSE.items()}


LINES = ("{}s for class", "{}", "{}, then the others")


def letters(text: str) -> str:
    return "".join(filter(str.isalpha, text))


CODES: dict[str, Callable[[str], str]] = {
    "backwards": lambda text: text[::-1],
    "words backwards": lambda text: " ".join(word[::-1] for word in text.split()),
    "hexadecimal": lambda text: " ".join(f"{ord(letter):02x}" for letter in text),
    "prefixed": lambda text: " ".join(f"0x{ord(letter):x}" for letter in text),
    "decimal": lambda text: " ".join(str(ord(letter)) for letter in text),
    "octal": lambda text: " ".join(f"{ord(letter):03o}" for letter in text),
    "binary": lambda text: " ".join(f"{ord(letter):08b}" for letter in text),
    "code points": lambda text: " ".join(f"U+{ord(letter):04X}" for letter in text),
    "escapes": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "quoted-printable": lambda text: "".join(f"={ord(letter):02X}" for letter in text),
    "percent": lambda text: "".join(f"%{ord(letter):02X}" for letter in text),
    "places": lambda text: " ".join(str(ord(letter) - 96) for letter in letters(text)),
    "names": lambda text: " ".join(_NAMES[ord(letter) - 97] for letter in letters(text)),
    "Morse": lambda text: " / ".join(" ".join(_SIGNS[letter.lower()] for letter in word) for word in text.split()),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base32": lambda text: b32encode(text.encode()).decode(),
    "text in a link": lambda text: f"sms:+15155550777?body={quote(text)}",
    "chat in a link": lambda text: f"https://chat.example/15155550777?text={quote_plus(text)}",
    "digits for letters": lambda text: text.lower().translate(str.maketrans("eoa", "30@")),
    "stars for vowels": lambda text: re.sub("[aeiou]", "*", text, count=2),
    "tags": "<i></i>".join,
    "tags of forums": lambda text: "".join(f"[b]{letter}[/b]" for letter in text),
    "escaped in data": lambda text: f'{{"t": "{"".join(f"{chr(92)}u{ord(letter):04x}" for letter in text)}"}}',
    "first letters of lines": lambda text: "\n".join(LINES[ord(letter) % 3].format(letter) for letter in letters(text)),
    "downward": lambda text: "\n".join(map("".join, zip_longest(*text.split(), fillvalue=" "))),
    "part": lambda text: f"(1/1) {text}",
    "part in words": lambda text: f"1 of 2: {text}",
    "numbered": lambda text: f"1. {text}",
    "Greek capitals": lambda text: text.upper().translate(str.maketrans("AEO", "ΔΣΦ")),
    "passed on": lambda text: f"Fwd: {text}",
}


@pytest.mark.parametrize("code", CODES)
def test_a_call_in_a_code_is_a_call(code: str) -> None:
    assert [call for call in CALLS if not is_help_word(CODES[code](call))] == []


@pytest.mark.parametrize("code", CODES)
def test_another_word_in_a_code_is_none(code: str) -> None:
    others = ("homework", "see you", "tomorrow at nine", "gracias")
    assert [text for text in others if is_help_word(CODES[code](text.replace("ñ", "n")))] == []


PLAIN_CALL = re.compile("ayud|aide|auxili|emergenc|help|socor|so'?s")
LONGER_CALLS = ("help me", "please help", "ayudame ya", "help me please", "911 please", "sos plz")
CODES_OF_LONGER: dict[str, Callable[[str], str]] = {
    "shifted": lambda text: encode(text, "rot13"),
    "alphabet turned around": lambda text: text.translate(str.maketrans(ascii_lowercase, ascii_lowercase[::-1])),
    "keys": lambda text: " ".join(word.translate(KEY_OF_LETTER) for word in text.split()),
    "path": lambda text: f"https://x.example/{text.replace(' ', '-')}",
    "query": lambda text: f"https://x.example/?t={quote_plus(text)}",
    "twice encoded": lambda text: f"https://x.example/?t={quote(quote(text))}",
    "fragment": lambda text: f"https://x.example/#{quote(text)}",
    "host": lambda text: f"https://{text.replace(' ', '.')}.example",
    "place": lambda text: f"geo:0,0?q=1,1({quote(text)})",
    "subject": lambda text: f"mailto:a@x.example?subject={quote(text)}",
    "base64 in a link": lambda text: f"https://x.example/?d={b64encode(text.encode()).decode()}",
    "data": lambda text: f"data:text/plain;base64,{b64encode(text.encode()).decode()}",
}


OF_LETTERS = ("shifted", "alphabet turned around", "keys")
"""Codes that have no numbers, or no words that run together."""


@pytest.mark.parametrize("code", CODES_OF_LONGER)
def test_a_call_of_several_words_in_a_code_is_a_call(code: str) -> None:
    calls = [call for call in LONGER_CALLS if code not in OF_LETTERS or call[0] not in "9a"]
    assert [call for call in calls if not is_help_word(CODES_OF_LONGER[code](call))] == []


@pytest.mark.parametrize("code", CODES_OF_LONGER)
def test_other_words_in_a_code_are_none(code: str) -> None:
    others = ("see you", "tomorrow at nine", "please come", "swim meet", "help desk")
    assert [text for text in others if is_help_word(CODES_OF_LONGER[code](text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "119", "889", "8 5 12", "1 2 3 4 5 6", "10, 20, 30, 40", "515-555-0120", "echo lima", "...", "-----",
        "https://example.edu/help", "mailto:list@example.edu?subject=help", "https://example.edu/?text=hello",
        "(1/2) ok", "5SOS", "Delhi", "await", "SWAT", "is 0.5", "500. Somebody", "I'll help", "iss some",
        "room 505", "4357", "https://example.edu/911", "https://sos.example", "1) homework", "h*ll no", "held",
        "Re: homework", "1/2 cup", "aGVsbG8=",
    ],
)  # fmt: skip
def test_ordinary_short_texts_are_none(text: str) -> None:
    assert not is_help_word(text)


def test_no_known_word_is_a_call_in_a_code() -> None:
    words = random.Random(7).sample(sorted({*known_words(), *words_with_pairs()}), 6000)
    assert [word for word in words if is_help_word(word) and not PLAIN_CALL.match(word)] == []
    assert [word for word in words if is_help_word(word[::-1]) and not PLAIN_CALL.match(word)] == []


_ALPHABETS = (
    "0123456789",
    "01",
    ".-",
    "abcdef0123456789",
    ascii_lowercase,
    ascii_lowercase.upper() + "234567",
    "*@$!|+(",
)
_GAPS = (" ", "  ", ",", "\n", "\r\n", "\t", "/", " / ", "'", "")


@st.composite
def _in_some_code(draw: st.DrawFn) -> str:
    """Groups of signs of one kind with gaps of one or two kinds, perhaps of one size."""
    signs = st.sampled_from(draw(st.sampled_from(_ALPHABETS)))
    size = draw(st.integers(1, 12))
    least = size if draw(st.booleans()) else 1
    groups = draw(st.lists(st.text(signs, min_size=least, max_size=size), min_size=1, max_size=40))
    gaps = st.sampled_from(draw(st.lists(st.sampled_from(_GAPS), min_size=1, max_size=2)))
    prefix = draw(st.sampled_from(("", "0x", "\\u", "&#x", "%", "https://", "xn--", "data:,", "echo ")))
    return prefix + "".join(group + draw(gaps) for group in groups)


@settings(max_examples=400, deadline=None)
@given(_in_some_code())
@example("5551234 5551235 5551236")
@example("2222222 3333333 4444444")
@example("o\n\r\n\r")
def test_no_text_in_a_code_makes_the_rule_raise(text: str) -> None:
    assert is_help_word(text) in (True, False)
