"""A sentence made of the letters that are marked inside another text is read."""

from __future__ import annotations

import pytest

from gateway.core.mime.html import read_html
from gateway.core.mime.spelling.spelled_words import spelled_by_pieces, spells_words

_SAID = "meetmealonetonightanddeletethismessage"
_COVER = "the team will practice on monday at nine and bring a green helmet to the gym with shoes so do not be late "


def _pieces(letters: str) -> list[str]:
    """A text about something else in which every second piece is a letter of the sentence."""
    cover, pieces, at = _COVER * len(letters), [], 0
    for letter in letters:
        place = cover.index(letter, at + 1)
        pieces += [cover[at:place], letter]
        at = place + 1
    return pieces


@pytest.mark.parametrize(
    "marks",
    [
        ["<b>{}</b>"],
        ["<font color=red>{}</font>"],
        ["<u>{}</u>"],
        ['<span style="background:yellow">{}</span>'],
        ["<b>{}</b>", "<i>{}</i>", "<u>{}</u>"],
    ],
)
@pytest.mark.parametrize("between", [" ", "</p><p>"])
def test_marked_letters_of_a_page_are_read_together(marks: list[str], between: str) -> None:
    pieces = _pieces(_SAID)
    for number in range(1, len(pieces), 2):
        pieces[number] = marks[number // 2 % len(marks)].format(pieces[number])
    page = read_html(f"<p>{''.join(pieces).replace('with ', f'with{between}')}</p>")
    assert _SAID in page.hidden.split("\n")
    assert not page.is_disputed


def test_letters_that_are_every_second_piece_of_a_document_are_read_together() -> None:
    assert spelled_by_pieces(_pieces(_SAID)) == [_SAID]
    assert spelled_by_pieces(["Practice", " is on ", "Tuesday"] * 9) == []


@pytest.mark.parametrize("letters", ["helphome", "tgcsapbfwmtr" * 4, "meethome" * 3, "meet me alone tonight"])
def test_other_letters_spell_nothing(letters: str) -> None:
    assert not spells_words(letters)


def test_first_letters_of_paragraphs_in_another_style_say_nothing() -> None:
    page = read_html("".join(f"<p><b>{letter}</b>nother word of the news</p>" for letter in "TABCAMSDTOWNI"))
    assert page.hidden == ""
