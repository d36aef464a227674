"""Short calls for help in codes, and ordinary short texts that are none in any."""

from __future__ import annotations

import random
from base64 import b32encode, b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from classifiers.extract.hidden_writing.code_runs import MORSE
from classifiers.normalize.language import known_words
from classifiers.pipeline.help_words import is_help_word

CALLS = ("help", "help me", "ayuda", "please help", "auxilio", "help me please", "socorro")
_NAMES = (
    "alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey xray yankee zulu"
).split()
_SIGNS = {letter: signs for signs, letter in MORSE.items()}


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
    "part": lambda text: f"(1/1) {text}",
    "part in words": lambda text: f"1 of 2: {text}",
    "passed on": lambda text: f"Fwd: {text}",
}


@pytest.mark.parametrize("code", CODES)
def test_a_call_in_a_code_is_a_call(code: str) -> None:
    assert [call for call in CALLS if not is_help_word(CODES[code](call))] == []


@pytest.mark.parametrize("code", CODES)
def test_another_word_in_a_code_is_none(code: str) -> None:
    others = ("homework", "see you", "tomorrow at nine", "gracias")
    assert [text for text in others if is_help_word(CODES[code](text.replace("ñ", "n")))] == []


@pytest.mark.parametrize(
    "text",
    [
        "119", "889", "8 5 12", "1 2 3 4 5 6", "10, 20, 30, 40", "515-555-0120", "echo lima", "...", "-----",
        "https://example.edu/help", "mailto:list@example.edu?subject=help", "https://example.edu/?text=hello",
        "(1/2) ok", "Re: homework", "1/2 cup", "aGVsbG8=",
    ],
)  # fmt: skip
def test_ordinary_short_texts_are_none(text: str) -> None:
    assert not is_help_word(text)


def test_no_known_word_is_a_call_in_a_code() -> None:
    words = random.Random(7).sample(sorted(known_words()), 3000)
    assert [word for word in words if is_help_word(word[::-1]) and not is_help_word(word)] == []
