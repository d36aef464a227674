"""Pseudonyms: everything known about a person is masked, and spans map to the masked text."""

from __future__ import annotations

import pytest

from gateway.core.review.pseudonyms import Pseudonyms, letter_label
from tests.growth import grows_linearly


def pseudonyms() -> Pseudonyms:
    """Two people of a district."""
    made = Pseudonyms()
    made.add("Staff A", ["Peter Lindgren"], ["peter.lindgren@riverbend.example", "+15155550142"])
    made.add("Student A", ["Zoë Will-Lindqvist"], ["z.lindqvist07@students.riverbend.example"])
    return made


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Dear Zoë, it is me", "Dear Student A, it is me"),
        ("hi zoe!! ZOË? Zoe's", "hi Student A!! Student A? Student A's"),
        ("Peter Lindgren, or Lindgren, Peter", "Staff A, or Staff A"),
        ("Peter J. Lindgren", "Staff A"),
        ("Mr. Lindgren will see you", "Mr. Staff A will see you"),  # Will is also a name, but not in lower case
        ("Will came", "Student A came"),
        ("write to Peter.Lindgren@riverbend.example.", "write to Staff A."),
        ("peter_lindgren2 on there", "Staff A_Staff A2 on there"),
        ("my number is (515) 555-0142", "my number is Staff A"),
        ("call 515.555.0142 or +1 515 555 0142 now", "call Staff A or Staff A now"),
        ("peter@elsewhere.example", "Staff A@elsewhere.example"),
        ("2026-11-25 10:30, room 1234567", "2026-11-25 10:30, room 1234567"),
        ("Lindgrensson and repeter", "Lindgrensson and repeter"),
        ("", ""),
    ],
)
def test_everything_known_about_a_person_is_masked(said: str, shown: str) -> None:
    assert pseudonyms().mask(said).text == shown


def test_spans_map_to_the_masked_text() -> None:
    said = "Zoë Lindqvist, you are the best, Zoë"
    masked = pseudonyms().mask(said)
    assert masked.text == "Student A, you are the best, Student A"

    def now(words: str) -> str:
        start = said.index(words)
        begin, end = masked.map_span(start, start + len(words))
        return masked.text[begin:end]

    assert now("the best") == "the best"
    assert now("Zoë") == "Student A"
    assert now("qvist, you") == "Student A, you"  # a start inside a name moves to the start of the pseudonym
    assert now("best, Zo") == "best, Student A"
    assert masked.map_span(len(said), len(said)) == (len(masked.text),) * 2


def test_nothing_is_masked_without_people() -> None:
    masked = Pseudonyms().mask("Peter, 12345678")
    assert (masked.text, masked.map_span(3, 5)) == ("Peter, 12345678", (3, 5))


@pytest.mark.parametrize("piece", ["a1", "1(", "a@", "Peter ", "."])
def test_hostile_text_takes_linear_time(piece: str) -> None:
    assert grows_linearly(pseudonyms().mask, lambda size: piece * (size // len(piece)), 40_000, 400_000)


def test_letters_continue_after_z() -> None:
    assert [letter_label(number) for number in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]
