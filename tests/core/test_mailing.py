"""Messages of one mailing are found together, and nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.review.near_duplicates import Letter, mailings

TEXT = "Hey {}, party at my place on Saturday after the game, just bring yourself and tell nobody about it at all."


def letter(text: str = "", sender: str = "w@x.example", subject: str = "party", direction: str = "a") -> Letter:
    return Letter(sender, direction, "mail", subject, text)


def test_what_differs_by_a_name_is_one_mailing() -> None:
    letters = [letter(TEXT.format(name)) for name in ("Liam", "Maya", "Tess")]
    other = letter("Practice is moved to the gym at five, please bring your shoes and a bottle of water.")
    assert mailings([letters[0], other, *letters[1:]]) == [[0, 2, 3], [1]]


def test_sender_direction_and_subject_keep_apart() -> None:
    text = TEXT.format("Liam")
    letters = [letter(text), letter(text, sender="v@x.example"), letter(text, direction="b"), letter(text, subject="x")]
    assert mailings(letters) == [[0], [1], [2], [3]]
    assert mailings([letter(text, subject="Re: Week 3"), letter(text, subject="week 12")]) == [[0, 1]]
    assert mailings([letter(text, sender="W@x.example"), letter(text)]) == [[0, 1]]


def test_short_words_alone_are_no_mailing() -> None:
    """Two texts that say a little must be the same to be one."""
    assert mailings([letter("ok see you"), letter("ok see you then"), letter("ok see you")]) == [[0, 2], [1]]


def test_mail_from_nobody_is_no_mailing() -> None:
    assert mailings([letter("same", sender="")] * 2) == [[0], [1]]


@given(st.lists(st.builds(letter, st.text("ab ", max_size=30), st.sampled_from(["p", "q"])), max_size=30))
def test_every_letter_is_in_one_mailing(letters: list[Letter]) -> None:
    groups = mailings(letters)
    assert sorted(at for group in groups for at in group) == list(range(len(letters)))
    assert [group[0] for group in groups] == sorted(group[0] for group in groups)
