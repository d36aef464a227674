"""New text is separated from quotes, forwards and signatures, in English and Spanish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.extract.quoting import PassageKind, split_passages


def passages_of(text: str) -> list[tuple[PassageKind, str]]:
    return [(kind, text[start:end]) for start, end, kind in split_passages(text)]


@pytest.mark.parametrize(
    "line",
    [
        "On Tue, Oct 8, 2024 at 7:14 PM Hollis Grady <hg@school.example> wrote:",
        "El mar, 8 oct 2024 a las 19:14, Hollis Grady (<hg@school.example>) escribió:",
        "On Tue, Oct 8, 2024 at 7:14 PM\nHollis Grady <hollis.grady@school.example> wrote:",
        "On Tue, Oct 8, 2024 at 7:14 PM Hollis Grady\n<hollis.grady@students.school.example>\nwrote:",
        "En martes, 8 de octubre de 2024, Hollis Grady <hg@school.example> escribió:",
        "El 8 oct 2024, a las 7:14 p. m., Hollis Grady\n<hg@school.example> escribio:",
        "2024-10-08 19:14 GMT-05:00 Hollis Grady <hg@school.example>:",
        "-----Original Message-----",
        "-------- Mensaje original --------",
        "________________________________\nFrom: Hollis Grady\nSent: Tuesday, October 8\nTo: Ms. Radford\nSubject: lab",
        "*From:* Hollis Grady\n*Date:* Tuesday\n*To:* Ms. Radford\n*Subject:* lab",
        "De: Hollis Grady\nEnviado el: martes\nPara: Sra. Radford\nCC: Sr. Dunn\nAsunto: lab",
        "From: Hollis Grady\nSent: Tuesday, October 8, 2024 7:14 PM\nTo: Ms. Radford\nSubject: lab",
        "De: Hollis Grady\nEnviado: martes\nPara: Sra. Radford\nAsunto: lab",
    ],
)
def test_text_after_an_attribution_is_quoted(line: str) -> None:
    assert passages_of(f"Yes, that works.\n\n{line}\nDo I need it?") == [
        (PassageKind.NEW, "Yes, that works."),
        (PassageKind.QUOTED, f"{line}\nDo I need it?"),
    ]


def test_replies_between_quoted_lines_are_new() -> None:
    text = "Moira wrote:\n> first question\nMy answer.\n> second question\nAnother answer."
    assert [kind for kind, _ in passages_of(text)] == [
        PassageKind.QUOTED,
        PassageKind.NEW,
        PassageKind.QUOTED,
        PassageKind.NEW,
    ]


def test_a_forwarded_message_is_recognized() -> None:
    text = "Look at this.\n---------- Forwarded message ---------\nFrom: X\nhello"
    assert [kind for kind, _ in passages_of(text)] == [PassageKind.NEW, PassageKind.FORWARDED]


def test_a_header_block_with_no_text_above_is_a_forward() -> None:
    block = "From: X\nSent: Monday\nTo: Y\nSubject: lab"
    assert {kind for kind, _ in passages_of(f"\n{block}\n\nhello")} == {PassageKind.FORWARDED}
    assert passages_of(f"FYI\n\n{block}\n\nhello")[-1][0] is PassageKind.QUOTED


def test_a_signature_above_a_long_quote_is_recognized() -> None:
    quote = "On Tue, Oct 8, 2024 Someone wrote:\n" + "\n".join(f"> line {number}" for number in range(40))
    assert [kind for kind, _ in passages_of(f"See you.\n\n-- \nMs. Radford\nRoom 12\n\n{quote}")] == [
        PassageKind.NEW,
        PassageKind.SIGNATURE,
        PassageKind.QUOTED,
    ]


@pytest.mark.parametrize(
    "line",
    ["Sent from my iPhone", "Sent from Yahoo Mail on Android", "Sent from Outlook for iOS", "Get Outlook for Android",
     "Enviado desde mi iPhone", "Enviado desde Outlook para Android", "Obtener Outlook para iOS"],
)  # fmt: skip
def test_device_signatures_are_no_text(line: str) -> None:
    assert passages_of(f"ok thanks\n\n{line}")[-1] == (PassageKind.SIGNATURE, line)


def test_replies_after_a_wrapped_attribution_are_new() -> None:
    text = "On Tue, Oct 8, 2024 at 7:14 PM\nSomeone <s@school.example> wrote:\n> one\nMine.\n> two\nMine too."
    assert [kind for kind, _ in passages_of(text)] == [
        PassageKind.QUOTED,
        PassageKind.NEW,
        PassageKind.QUOTED,
        PassageKind.NEW,
    ]


def test_a_short_signature_is_recognized_and_a_long_one_is_text() -> None:
    assert passages_of("See you.\n-- \nMs. Radford\nRoom 12")[-1] == (
        PassageKind.SIGNATURE,
        "-- \nMs. Radford\nRoom 12",
    )
    long = "Hi\n-- \n" + "\n".join(f"line {number}" for number in range(30))
    assert {kind for kind, _ in passages_of(long)} == {PassageKind.NEW}


@pytest.mark.parametrize(
    "text", ["As Twain wrote: the report was exaggerated.", "On time, please.", "From: here to there"]
)
def test_prose_is_no_quote(text: str) -> None:
    assert [kind for kind, _ in passages_of(f"{text}\nMore text.")] == [PassageKind.NEW]


@given(st.text(alphabet=st.sampled_from("ab> \n-:OnwroteFrom_"), max_size=300))
def test_no_text_is_lost(text: str) -> None:
    covered = [(start, end) for start, end, _ in split_passages(text)]
    assert covered == sorted(covered)
    inside = set()
    for start, end in covered:
        inside |= set(range(start, end))
    assert all(char.isspace() for at, char in enumerate(text) if at not in inside)
