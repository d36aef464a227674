"""Codes without a letter are read wherever a program shows them: behind boundaries, undecoded, in names of files."""

from __future__ import annotations

import base64
from collections.abc import Callable
from itertools import product
from urllib.parse import quote

import pytest

from classifiers.extract.extraction import ExtractedMessage, extract_message

SENTENCES = (
    "Meet me alone behind the gym tonight and tell nobody.",
    "I want to die and I have the pills at home, please help me.",
)
HEAD = "From: a@a.example\r\nTo: b@b.example\r\nSubject: Practice\r\nMIME-Version: 1.0\r\n"
COVER = "--q\r\nContent-Type: text/plain\r\n\r\nPractice is on Tuesday at four in the gymnasium.\r\n"
SIGNS = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
MORSE = dict(zip("abcdefghijklmnopqrstuvwxyz", SIGNS.split(), strict=True))
CODES: dict[str, Callable[[str], str]] = {
    "decimal": lambda text: " ".join(str(ord(letter)) for letter in text),
    "octal": lambda text: " ".join(f"{ord(letter):03o}" for letter in text),
    "binary": lambda text: " ".join(f"{ord(letter):08b}" for letter in text),
    "numbers": lambda text: " ".join(
        "-".join(str(ord(letter) - 96) for letter in word if letter.isalpha()) for word in text.lower().split()
    ),
    "Morse": lambda text: " / ".join(
        " ".join(MORSE[letter] for letter in word if letter in MORSE) for word in text.lower().split()
    ),
    "references": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
}


def encoded(text: str) -> str:
    return base64.encodebytes(text.encode()).decode().replace("\n", "\r\n")


def multipart(parts: str, parameters: str = "; boundary=q") -> str:
    return f"{HEAD}Content-Type: multipart/mixed{parameters}\r\n\r\n{parts}"


def part(text: str) -> str:
    return f"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded(text)}\r\n"


PLACES: dict[str, Callable[[str], str]] = {
    "a second boundary": lambda text: multipart(
        f"{COVER}--q--\r\n--z\r\n{part(text)}--z--\r\n", "; boundary=q; boundary=z"
    ),
    "after the end": lambda text: multipart(f"{COVER}--q--\r\n--q\r\n{part(text)}--q--\r\n"),
    "before the first": lambda text: multipart(f"{part(text)}{COVER}--q--\r\n"),
    "undecoded": lambda text: f"{HEAD}\r\n{encoded(text)}",
    "declared as quoted-printable": lambda text: (
        f"{HEAD}Content-Transfer-Encoding: quoted-printable\r\n\r\n{encoded(text)}"
    ),
    "text before the first": lambda text: multipart(f"{text}\r\n{COVER}--q--\r\n"),
    "text after the end": lambda text: multipart(f"{COVER}--q--\r\n{text}\r\n"),
    "the name of a file": lambda text: multipart(
        f"{COVER}--q\r\nContent-Disposition: attachment; filename*=utf-8''{quote(text)}\r\n\r\nx\r\n--q--\r\n"
    ),
}


def letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.lower()))


def read(content: str) -> ExtractedMessage:
    return extract_message(content.encode())


@pytest.mark.parametrize(("place", "code"), [*product(PLACES, CODES)])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_code_is_read(place, code, sentence):
    message = read(PLACES[place](CODES[code](sentence)))
    said = any(letters(sentence) in letters(passage.text) for passage in message.passages)
    assert said or "unreadable" in message.failed


@pytest.mark.parametrize(
    "text",
    [
        "--------------------------------------------------------------",
        "=====================\r\n*********************\r\n---------------------",
        "2025-11-03 12:00:00 +0000 / 192.0.2.1 / 10.0.0.1 / 1234567890",
        "+1 (555) 010-0100 / +1 (555) 010-0101",
        "| 1 | 2 | 3 |\r\n| 4 | 5 | 6 |\r\n| 7 | 8 | 9 |",
    ],
)
@pytest.mark.parametrize("place", ["text before the first", "text after the end"])
def test_rules_and_numbers_are_no_codes(text, place):
    message = read(PLACES[place](text))
    assert message.failed == ()


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(
    "field",
    [
        "List-Unsubscribe: <mailto:a@b.example?subject={}>",
        "List-Help: <mailto:a@b.example?subject=help&body={}>",
        "List-Archive: <https://b.example/{}>",
    ],
)
def test_addresses_of_lists_are_read(field, sentence):
    message = read(f"{HEAD}{field.format(quote(sentence))}\r\n\r\nPractice is at four.\r\n")
    assert any(letters(sentence) in letters(passage.text) for passage in message.passages)
    assert message.failed == ()
