"""Near-duplicates are grouped, and nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.review.near_duplicates import ComparedMessage, group_near_duplicates

TEXT = "Hey {}, party at my place on Saturday after the game, just bring yourself and tell nobody about it at all."


def letter(
    text: str = "", sender: str = "w@x.example", subject: str = "party", direction: str = "a"
) -> ComparedMessage:
    return ComparedMessage(sender, direction, "mail", subject, text)


def test_messages_that_differ_by_a_name_are_near_duplicates() -> None:
    letters = [letter(TEXT.format(name)) for name in ("Liam", "Maya", "Tess")]
    other = letter("Practice is moved to the gym at five, please bring your shoes and a bottle of water.")
    assert group_near_duplicates([letters[0], other, *letters[1:]]) == [[0, 2, 3], [1]]


def test_other_sender_direction_or_subject_is_another_group() -> None:
    text = TEXT.format("Liam")
    letters = [letter(text), letter(text, sender="v@x.example"), letter(text, direction="b"), letter(text, subject="x")]
    assert group_near_duplicates(letters) == [[0], [1], [2], [3]]
    assert group_near_duplicates([letter(text, subject="Re: Week 3"), letter(text, subject="week 12")]) == [[0, 1]]
    assert group_near_duplicates([letter(text, sender="W@x.example"), letter(text)]) == [[0, 1]]


def test_few_words_are_not_enough() -> None:
    """Short texts are near-duplicates only when they are equal."""
    assert group_near_duplicates([letter("ok see you"), letter("ok see you then"), letter("ok see you")]) == [
        [0, 2],
        [1],
    ]


def test_null_sender_has_no_near_duplicates() -> None:
    assert group_near_duplicates([letter("same", sender="")] * 2) == [[0], [1]]


@given(st.lists(st.builds(letter, st.text("ab ", max_size=30), st.sampled_from(["p", "q"])), max_size=30))
def test_every_message_is_in_one_group(letters: list[ComparedMessage]) -> None:
    groups = group_near_duplicates(letters)
    assert sorted(at for group in groups for at in group) == list(range(len(letters)))
    assert [group[0] for group in groups] == sorted(group[0] for group in groups)
