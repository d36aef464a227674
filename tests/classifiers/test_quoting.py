"""Newest text is told from quotes, forwards and signatures, in English and Spanish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.quoting import Kind, passages


def kinds(text: str) -> list[tuple[Kind, str]]:
    return [(kind, text[start:end]) for start, end, kind in passages(text)]


@pytest.mark.parametrize(
    "line",
    [
        "On Tue, Oct 8, 2024 at 7:14 PM Hollis Grady <hg@school.example> wrote:",
        "El mar, 8 oct 2024 a las 19:14, Hollis Grady (<hg@school.example>) escribió:",
        "On Tue, Oct 8, 2024 at 7:14 PM\nHollis Grady <hollis.grady@school.example> wrote:",
        "-----Original Message-----",
        "From: Hollis Grady\nSent: Tuesday, October 8, 2024 7:14 PM\nTo: Ms. Radford\nSubject: lab",
        "De: Hollis Grady\nEnviado: martes\nPara: Sra. Radford\nAsunto: lab",
    ],
)
def test_what_follows_an_attribution_is_quoted(line: str) -> None:
    assert kinds(f"Yes, that works.\n\n{line}\nDo I need it?") == [
        (Kind.FRESH, "Yes, that works."),
        (Kind.QUOTED, f"{line}\nDo I need it?"),
    ]


def test_answers_between_quoted_lines_are_fresh() -> None:
    text = "Moira wrote:\n> first question\nMy answer.\n> second question\nAnother answer."
    assert [kind for kind, _ in kinds(text)] == [Kind.QUOTED, Kind.FRESH, Kind.QUOTED, Kind.FRESH]


def test_a_forward_is_passed_along() -> None:
    text = "Look at this.\n---------- Forwarded message ---------\nFrom: X\nhello"
    assert [kind for kind, _ in kinds(text)] == [Kind.FRESH, Kind.FORWARDED]


def test_a_signature_ends_the_text_but_not_a_long_one() -> None:
    assert kinds("See you.\n-- \nMs. Radford\nRoom 12")[-1] == (Kind.SIGNATURE, "-- \nMs. Radford\nRoom 12")
    long = "Hi\n-- \n" + "\n".join(f"line {number}" for number in range(30))
    assert {kind for kind, _ in kinds(long)} == {Kind.FRESH}


@pytest.mark.parametrize(
    "text", ["As Twain wrote: the report was exaggerated.", "On time, please.", "From: here to there"]
)
def test_prose_is_not_taken_for_a_quote(text: str) -> None:
    assert [kind for kind, _ in kinds(f"{text}\nMore text.")] == [Kind.FRESH]


@given(st.text(alphabet=st.sampled_from("ab> \n-:OnwroteFrom_"), max_size=300))
def test_nothing_written_is_lost(text: str) -> None:
    covered = [(start, end) for start, end, _ in passages(text)]
    assert covered == sorted(covered)
    inside = set()
    for start, end in covered:
        inside |= set(range(start, end))
    assert all(char.isspace() for at, char in enumerate(text) if at not in inside)
