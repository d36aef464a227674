"""Quick looks for runs of signs: none misses what its pattern finds."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from classifiers.extract.hidden_writing import link_words
from classifiers.extract.hidden_writing.code_runs import DECODED_RUNS, GUESSED_RUNS
from classifiers.extract.hidden_writing.sign_runs import has_run_of_two, is_latin

_PIECES: dict[str, list[str]] = {
    "hexadecimal numbers": ["09", "af", "7C ", "b2:", "00,", "1f\r\n"],
    "base32": list("ABCDEFGHIJKLMNOP234567"),
    "Morse code": [".-", "· ", "-.-/", "— |", "... ", "_"],
    "numbers": ["12 ", "0x1f,", "104;é", "chr(97)+", "u{6c}\t", "7-", "101\r\n"],
    "two signs": ["é", "ö", "é", "ö", " ", "/", "\r\n"],
    "base85": list("aB3!<=>?_"),
    "addresses": list("aé/-.%"),
}
"""What runs are made of that the pattern of a code likes."""
_LOOKS: dict[str, tuple[Callable[[str], bool], re.Pattern[str]]] = {
    name: (look, pattern) for name, look, pattern, _ in (*DECODED_RUNS, *GUESSED_RUNS) if name in _PIECES
} | {"addresses": (link_words.LONG.may_be_in, link_words.ADDRESS)}


@pytest.mark.parametrize("name", _PIECES)
def test_look_finds_what_its_pattern_finds(name: str) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance, (look, pattern), found = random.Random(seed), _LOOKS[name], 0
    for _ in range(1_500):
        run = "".join(chance.choices(_PIECES[name], k=chance.randint(10, 120)))
        text = f"Hello Sam,{chance.choice(' ()x')}{run}{chance.choice(' )x')}é see you"
        if pattern.search(text):
            found += 1
            assert look(text), text
    assert found >= 20


def test_ordinary_words_have_no_runs() -> None:
    text = "The bus leaves at 7:45, so please be at the gate by 7:30. Bring a hat, water, and 5 dollars for lunch.\n"
    assert [name for name, (look, _) in _LOOKS.items() if look(text * 5)] == []


def test_run_of_two_is_found_at_any_place() -> None:
    for before in range(40):
        assert has_run_of_two("words " + "x1y2z3w4" * 5 + "abcdefgh"[: before % 8] + " " * before + "-.-- " * 8, " ")


def test_latin_text() -> None:
    assert is_latin("mañana")
    assert not is_latin("mañana \u2060")
