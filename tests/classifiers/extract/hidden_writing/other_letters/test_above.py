"""Small letters above others are read as the words that they write."""

from __future__ import annotations

import unicodedata

import pytest

from classifiers.extract.hidden_writing.other_letters.above import lines_above
from classifiers.normalize.unicode_styles import RAISED
from tests.classifiers.extract.finding import without_codes

_ABOVE = {
    name[-1].lower(): sign
    for sign in sorted(RAISED)
    if (name := unicodedata.name(sign)).startswith("COMBINING LATIN SMALL LETTER ") and name[-2] == " "
}
_LINE = "please read the next chapter and bring the book to class for the test "
SAID = ("meet me alone tonight and delete this note", "mi padrastro me pega todas las noches")


def above(said: str, line: str) -> str:
    """Words above the letters of a line, without its blanks."""
    below = iter((line * 2).replace(" ", ""))
    return " ".join("".join(next(below) + _ABOVE[letter] for letter in word) for word in said.split())


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("line", [_LINE, "o" * 40, "-.*" * 20])
def test_words_above_a_line_are_read(line: str, said: str) -> None:
    assert said in without_codes(above(said, line))[1]


@pytest.mark.parametrize("said", SAID)
def test_words_above_a_line_are_read_where_its_blanks_divide_others(said: str) -> None:
    letters = iter(said.replace(" ", ""))
    text = "".join(sign if sign == " " else sign + _ABOVE.get(next(letters, ""), "") for sign in _LINE)
    assert any(said.replace(" ", "") in line for line in lines_above(text))


@pytest.mark.parametrize(
    "text", [_LINE, "mañana él está aquí con José", "zů stůl kůň dům hůl půl vůz růže můj tvůj " * 3]
)
def test_accents_are_no_line_above(text: str) -> None:
    assert list(lines_above(text)) == list(lines_above(unicodedata.normalize("NFD", text))) == []
