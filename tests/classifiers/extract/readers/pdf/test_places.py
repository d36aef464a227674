"""Letters of a PDF that go up or down in steps are read from left to right."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.classifiers.extract.readers.pdf.test_document import page
from tests.classifiers.extract.readers.reading_files import read

SENTENCE = "please meet me alone tonight and delete this message"
_TITLE = (50.0, 750.0, "Plan of the week for the first class and for the second one")


def _page(texts: Sequence[tuple[float, float, str]]) -> bytes:
    return page(b"".join(b"BT /F1 9 Tf %.1f %.1f Td (%s) Tj ET\n" % (x, y, text.encode()) for x, y, text in texts))


@pytest.mark.parametrize("step", [1, 2, 4, 8, 12])
@pytest.mark.parametrize("way", [1, -1], ids=["up", "down"])
@pytest.mark.parametrize("order", ["in order", "shuffled"])
def test_letters_in_steps_are_read(step: int, way: int, order: str) -> None:
    first = 60 if way > 0 else 720
    letters = [(40.0 + 10 * at, float(first + way * step * at), letter) for at, letter in enumerate(SENTENCE)]
    drawn = [item for item in letters if item[2] != " "]
    if order == "shuffled":
        random.Random(step).shuffle(drawn)
    found = read("a.pdf", _page([_TITLE, *drawn]))
    assert SENTENCE in found.hidden or " ".join(SENTENCE.replace(" ", "")) in found.text


@pytest.mark.parametrize(
    "texts",
    [
        [(50.0, 700.0 - 14 * row, f"{row * 37 % 100}") for row in range(30)],
        [(90.0 - 5 * len(str(row**3 % 501)), 700.0 - 14 * row, f"{row**3 % 501}") for row in range(30)],
        [(50.0 + 20 * (row % 3), 700.0 - 14 * row, "a) yes") for row in range(30)],
    ],
    ids=["numbers", "numbers to the right", "lists in lists"],
)
def test_columns_and_lists_are_no_steps(texts: list[tuple[float, float, str]]) -> None:
    shown = "".join("".join(text for _, _, text in texts).split())
    found = read("a.pdf", _page([_TITLE, *texts]))
    assert all("".join(line.split()) in f"{_TITLE[2].replace(' ', '')}{shown}" for line in found.hidden.split("\n"))
