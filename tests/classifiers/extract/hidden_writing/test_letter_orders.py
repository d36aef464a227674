"""Letters that stand in another order are read: along rails, in columns, around a square, by a short key."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.hidden_writing.letter_orders import words_in_order
from tests.classifiers.extract.hidden_writing.ciphers import along_rails, in_columns

SENTENCES = (
    "please do not tell your parents about this and come to my house after the game on friday",
    "my stepdad hits me every night and i am scared to go home please help me before tomorrow",
    "no le digas a nadie que estamos juntos y ven a verme a solas esta noche por favor amor",
)


def _rails(text: str, rng: random.Random) -> str:
    return along_rails(text, rng.randint(2, 7))


def _columns(text: str, rng: random.Random) -> str:
    return in_columns(text, rng.randint(2, 20))


def _key(text: str, rng: random.Random) -> str:
    return in_columns(text, rng.randint(3, 6), rng)


def _square(text: str, width: int) -> np.ndarray:
    return np.array(list(text.ljust(-(-len(text) // width) * width, "x"))).reshape(-1, width)


def _spiral(text: str, rng: random.Random) -> str:
    square, said = _square(text, rng.randint(5, 12)), ""
    while square.size:
        said += "".join(square[0])
        square = square[1:].T[::-1]
    return said


def _to_and_fro(text: str, rng: random.Random) -> str:
    square = _square(text, rng.randint(6, 12)).T
    return "".join("".join(row[:: -1 if at % 2 else 1]) for at, row in enumerate(square))


def _tells(said: list[str], sentence: str) -> bool:
    """Whether most of a sentence is said. Columns of equal length may begin with any of them."""
    pieces = [sentence[at : at + 8] for at in range(0, len(sentence) - 8, 8)]
    return 2 * sum(piece in " ".join(said) for piece in pieces) >= len(pieces)


ORDERS: tuple[Callable[[str, random.Random], str], ...] = (_rails, _columns, _key, _spiral, _to_and_fro)


@pytest.mark.parametrize("order", ORDERS)
def test_letters_are_read_in_the_order_of_words(order: Callable[[str, random.Random], str]) -> None:
    rng = random.Random(5)
    found = 0
    for sentence in SENTENCES * 2:
        letters = sentence.replace(" ", "")
        found += _tells(words_in_order(f"Look at this:\n\n{order(letters, rng)}\n\nBye"), letters)
    assert found >= 5


@pytest.mark.parametrize("order", [_rails, _columns, _key])
def test_blanks_may_have_moved_too(order: Callable[[str, random.Random], str]) -> None:
    rng = random.Random(6)
    assert sum(_tells(words_in_order(order(sentence, rng)), sentence) for sentence in SENTENCES * 2) >= 3


def test_letters_that_make_no_words_in_any_order_say_nothing() -> None:
    rng = random.Random(7)
    letters = SENTENCES[0].replace(" ", "")
    assert sum(bool(words_in_order("".join(rng.sample(letters, len(letters))))) for _ in range(8)) <= 1


def test_a_mail_says_what_its_letters_say_in_order() -> None:
    letters = SENTENCES[0].replace(" ", "")
    written = _spiral(letters, random.Random(8))
    mail = f"Subject: puzzle\r\nContent-Type: text/plain\r\n\r\nHere is one for you:\r\n\r\n{written}\r\n"
    assert any(letters[:40] in passage.text for passage in extract_message(mail.encode()).passages)
