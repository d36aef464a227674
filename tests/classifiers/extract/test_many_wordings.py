"""Words that are picked out of a text, or stand in another order, are read whatever they say."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence

import pytest

from classifiers.extract.extraction import extract_message
from tests.many_wordings import SENTENCES

COVER = (
    "The spring concert takes place next Thursday evening at seven in the auditorium of the school. Students "
    "should arrive thirty minutes early with black trousers or skirts and white shirts. Tickets are free but "
    "seats are limited so please reserve yours at the office soon. We also need volunteers for the stage and the "
    "lights and the cake stand after the show. Practice continues on Monday in room twelve as always. Lunch costs "
    "three dollars and the bus leaves from the main gate at half past two. The library stays open until five for "
    "reading every weekday this month."
).split()
FOUND = 0.75
"""The share of sentences that are read. Those with the rarest words are not."""


def _some(rng: random.Random, count: int) -> str:
    at = rng.randrange(len(COVER) - count)
    return " ".join(COVER[at : at + count])


def _among(words: Sequence[str], mark: Callable[[str], str], rng: random.Random) -> str:
    """Marked words, two to four of another text before each."""
    text, at = [], 0
    for word in words:
        count = rng.randint(2, 4)
        text += [*COVER[at : at + count], mark(word)]
        at = (at + count) % (len(COVER) - 5)
    return " ".join(text)


def _page(body: str) -> str:
    return f"Content-Type: text/html; charset=utf-8\r\n\r\n<p>{body}</p>"


def _text(body: str) -> str:
    return f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"


Disguise = Callable[[Sequence[str], random.Random], str]
DISGUISES: dict[str, Disguise] = {
    "in a color": lambda words, rng: _page(_among(words, lambda word: f"<span style='color:red'>{word}</span>", rng)),
    "bold": lambda words, rng: _page(_among(words, lambda word: f"<b>{word}</b>", rng)),
    "apart by a class": lambda words, rng: _page(
        " ".join(
            f"<i class=a>{word}</i> <i class=b>{_some(rng, 1)}</i> <i class=b>{_some(rng, 1)}</i>" for word in words
        )
    ),
    "in the order of a number": lambda words, rng: _page(
        " ".join(f"<i style='order:{at}'>{word}</i>" for at, word in rng.sample(list(enumerate(words)), len(words)))
    ),
    "in brackets": lambda words, rng: _text(_among(words, lambda word: f"({word})", rng)),
    "in capitals": lambda words, rng: _text(_among(words, str.upper, rng)),
    "first of lines": lambda words, rng: _text("\r\n".join(f"{word} {_some(rng, 5)}" for word in words)),
    "last of lines": lambda words, rng: _text("\r\n".join(f"{_some(rng, 5)} {word}" for word in words)),
    "every second": lambda words, rng: _text(" ".join(f"{word} {_some(rng, 1)}" for word in words)),
    "every third": lambda words, rng: _text(" ".join(f"{word} {_some(rng, 2)}" for word in words)),
    "from the last to the first": lambda words, _: _text(" ".join(reversed(words))),
    "by numbers": lambda words, rng: _text(
        ", ".join(f"{at}. {word}" for at, word in rng.sample(list(enumerate(words, 1)), len(words)))
    ),
    "down a column": lambda words, rng: _page(
        "<table>" + "".join(f"<tr><td>{_some(rng, 2)}<td>{word}<td>{_some(rng, 1)}" for word in words) + "</table>"
    ),
}


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in plain if "a" <= letter <= "z")


@pytest.mark.parametrize("name", DISGUISES)
def test_a_sentence_is_read_whatever_it_says(name: str) -> None:
    seed = 14
    rng, read = random.Random(seed), 0
    for sentence in SENTENCES:
        mail = f"From: a@b.example\r\nTo: c@d.example\r\nSubject: Week\r\n{DISGUISES[name](sentence.split(), rng)}"
        passages = extract_message(mail.encode()).passages
        read += any(_letters(sentence) in _letters(passage.text) for passage in passages)
    print(f"{name}, seed {seed}: {read} of {len(SENTENCES)}")
    assert read >= FOUND * len(SENTENCES)
