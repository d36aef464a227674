"""Places and writings are independent: what a person reads in one place is found in any other."""

from __future__ import annotations

import random

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.readers.words_in_values import has_words, is_address_to_somebody
from classifiers.normalize.plain_letters import plain_letters
from tests.differential.evasions.files import FILES
from tests.differential.evasions.mails import COVER, FIELDS, STRUCTURES, Body, file_body
from tests.differential.evasions.pages import make_page
from tests.differential.evasions.writings import WRITINGS, Writing

SENTENCE = "Our secret, do not tell anybody. Meet me alone tonight and delete this message."
STYLED = frozenset("mathematical enclosed flags invisible marked struck isolated fullwidth braille".split())
DISGUISED = frozenset("leet spaced without_blanks column in_a_link entities percent turned".split())
PAGES = "noscript|value|bdo|css list string|css counter|script|placeholder|wbr|option label|alt of area".split("|")
FIELD_NAMES = "from|cc|comments|thread-topic|date|keywords".split("|")
PARTS = "exif|jpeg comment|docx bookmark|calendar attendee".split("|")
OF_PROGRAMS = (
    "2025:11:03 12:00:00", "Canon EF24-105mm f/4L IS USM", "c012bdd6 c0245e76 c0271084 c0270fc7 c0245eb1 c02d9238",
    "https://example.com/a/b/c/d/index.html", "Adobe Photoshop CC 2019 (Windows)", "1 0 0 1 0 0 0 0 1 1 0 1 0 0",
)  # fmt: skip


def _named(names: frozenset[str]) -> list[Writing]:
    return [writing for writing in dict.fromkeys(WRITINGS) if writing.__name__ in names]


def _page(rng: random.Random, text: str, place: str) -> bytes:
    body = make_page(rng, text, place).encode("utf-8", "surrogatepass")
    return STRUCTURES["alternative last"](Body(b"Content-Type: text/html; charset=utf-8\r\n", body))


def _field(text: str, name: str) -> bytes:
    head = FIELDS[name] % text.replace("\n", " ").encode()
    return head + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + COVER


def _file(rng: random.Random, text: str, name: str) -> bytes:
    return STRUCTURES["mixed"](file_body(random.Random(2), FILES[name](rng, text)))


@pytest.mark.parametrize("writing", _named(STYLED), ids=lambda writing: writing.__name__)
def test_styled_letters_are_read_in_every_place(writing: Writing) -> None:
    rng = random.Random(writing.__name__)
    text = writing(rng, SENTENCE)
    mails = {place: _page(rng, text, place) for place in PAGES}
    mails |= {name: _field(text, name) for name in FIELD_NAMES}
    mails |= {name: _file(rng, text, name) for name in PARTS}
    missing = [
        place
        for place, mail in mails.items()
        if "tonight" not in " ".join(plain_letters(passage.text) for passage in extract_message(mail).passages).lower()
    ]
    assert missing == []


@pytest.mark.parametrize("writing", _named(STYLED | DISGUISED), ids=lambda writing: writing.__name__)
def test_a_value_in_disguise_has_words_and_speaks_to_somebody(writing: Writing) -> None:
    text = writing(random.Random(writing.__name__), SENTENCE)
    assert has_words(text)
    assert is_address_to_somebody(text)


@pytest.mark.parametrize("value", OF_PROGRAMS)
def test_values_of_programs_do_not_speak(value: str) -> None:
    assert not is_address_to_somebody(value)
