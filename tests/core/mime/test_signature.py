"""The names that a text is signed with, or begins with."""

from __future__ import annotations

import pytest

from gateway.core.mime.parts import text_part
from gateway.core.mime.signature import MAX_NAMES, signed_names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Write me here about Saturday. Coach Brannigan", "Coach Brannigan"),
        ("See you.\n\n-- \nWade Brannigan\nTrack", "Wade Brannigan"),
        ("Answer here.\n\nMr. Lindgren", "Mr. Lindgren"),
        ("Answer here.\nLove, Dana Okafor", "Dana Okafor"),
        ("Thanks\nDana Okafor, Biology | Riverbend High", "Dana Okafor"),
        ("- Dana Okafor\nOn Mon, Oct 5, Ruth Ansel wrote:\n> hi", "Dana Okafor"),
        ("hey its coach brannigan, this is my private mail", "coach brannigan"),
        ("This is Mr. Meyer. Call me.", "Mr. Meyer"),
        ("Hola, soy la señora Ruiz y tengo otra cuenta", "señora Ruiz"),
        ("Coach Brannigan here, write me", "Coach Brannigan"),
    ],
)
def test_a_name(text: str, name: str) -> None:
    assert name in signed_names(text_part(text.encode()))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("We come on Sunday. Tell Mrs. Ruiz I said hi. Love, Aunt Jo", "Mrs. Ruiz"),
        ("Do the homework from Mr. Lindgren", "Mr. Lindgren"),
        ("This is Mr. Lindgren's room", "Mr. Lindgren"),
        ("Look at this.\n\n---------- Forwarded message ----------\nFrom: x\n\n-- \nDana Okafor", "Dana Okafor"),
        ("ok\n> see you\n> Dana Okafor", "Dana Okafor"),
    ],
)
def test_somebody_else(text: str, name: str) -> None:
    assert name not in signed_names(text_part(text.encode()))


def test_long_texts_are_read() -> None:
    for text in ("it's " * 100_000, "a. " * 100_000, "- " * 100_000, "\n" * 200_000, "x" * 300_000):
        assert len(signed_names(text_part(text.encode()))) <= MAX_NAMES
