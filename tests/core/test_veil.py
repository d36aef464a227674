"""Names covered in texts: whatever is known of a person, wherever it stands, and places that move with it."""

from __future__ import annotations

import time

import pytest

from gateway.core.review.pseudonyms import Pseudonyms, letters


def veil() -> Pseudonyms:
    """Two people of a district."""
    made = Pseudonyms()
    made.cover("Staff A", ["Peter Lindgren"], ["peter.lindgren@riverbend.example", "+15155550142"])
    made.cover("Student A", ["Zoë Will-Lindqvist"], ["z.lindqvist07@students.riverbend.example"])
    return made


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Dear Zoë, it is me", "Dear Student A, it is me"),
        ("hi zoe!! ZOË? Zoe's", "hi Student A!! Student A? Student A's"),
        ("Peter Lindgren, or Lindgren, Peter", "Staff A, or Staff A"),
        ("Peter J. Lindgren", "Staff A"),
        ("Mr. Lindgren will see you", "Mr. Staff A will see you"),  # her name is Will too, but not in small letters
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
def test_everything_that_is_known_of_somebody_is_covered(said: str, shown: str) -> None:
    assert veil().covered(said).text == shown


def test_places_move_with_the_text() -> None:
    said = "Zoë Lindqvist, you are the best, Zoë"
    covered = veil().covered(said)
    assert covered.text == "Student A, you are the best, Student A"

    def now(words: str) -> str:
        start = said.index(words)
        begin, end = covered.moved(start, start + len(words))
        return covered.text[begin:end]

    assert now("the best") == "the best"
    assert now("Zoë") == "Student A"
    assert now("qvist, you") == "Student A, you"  # it begins inside a name: all of what covers it
    assert now("best, Zo") == "best, Student A"
    assert covered.moved(len(said), len(said)) == (len(covered.text),) * 2


def test_without_anybody_nothing_changes() -> None:
    covered = Pseudonyms().covered("Peter, 12345678")
    assert (covered.text, covered.moved(3, 5)) == ("Peter, 12345678", (3, 5))


@pytest.mark.parametrize("hostile", ["a1" * 200_000, "1(" * 200_000, "a@" * 200_000, "Peter " * 60_000, "." * 400_000])
def test_a_hostile_text_takes_no_time(hostile: str) -> None:
    began = time.process_time()
    veil().covered(hostile)
    assert time.process_time() - began < 5


def test_letters_go_on_behind_z() -> None:
    assert [letters(number) for number in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
