"""Drawings that draw others are counted before a page is opened."""

from __future__ import annotations

import random

import pytest

from classifiers.extract.readers.pdf.repeated_forms import MAX_DRAWN, draws_too_much
from classifiers.extract.readers.reading import TOO_LARGE
from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import pdf


def forms(levels: int, times: int, *, between: bytes = b" ", is_shared: bool = False) -> bytes:
    """A page that draws a form, which draws another one some times, and so on. `is_shared`: the page names them all."""
    names = b"".join(b"/X%d %d 0 R " % (level, 10 + level) for level in range(levels))
    out = [
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n",
        b"3 0 obj<</Type/Page/Parent 2 0 R/Resources<</XObject<<" + names + b">>>>/Contents 4 0 R>>endobj\n",
        b"4 0 obj<</Length 6>>stream\n/X0 Do\nendstream endobj\n",
    ]
    for level in range(levels):
        drawn = b"".join(b"/X%d%sDo " % (level + 1, between) for _ in range(times))
        own = b"" if is_shared else b"/Resources<</XObject<</X%d %d 0 R>>>>" % (level + 1, 11 + level)
        out.append(
            b"%d 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]%s/Length %d>>stream\n%s\nendstream endobj\n"
            % (10 + level, own, len(drawn), drawn)
        )
    return b"".join([*out, b"trailer<</Root 1 0 R>>"])


@pytest.mark.parametrize("is_shared", [False, True])
def test_more_drawings_than_are_drawn_in_time_are_too_large(*, is_shared: bool) -> None:
    chance = random.Random(4)
    for _ in range(12):
        times = chance.randrange(2, 40)
        levels, drawn = 1, 1
        while drawn <= MAX_DRAWN:
            drawn, levels = drawn * times, levels + 1
        between = chance.choice((b" ", b"\n", b" % x\n", b"\0 "))
        assert draws_too_much(forms(levels + chance.randrange(2, 30), times, between=between, is_shared=is_shared))
        assert not draws_too_much(forms(2, times, between=between, is_shared=is_shared))


def test_a_file_of_repeated_drawings_is_not_drawn() -> None:
    assert TOO_LARGE in read("a.pdf", forms(40, 2)).failed  # a million million drawings would not end
    assert TOO_LARGE not in read("a.pdf", forms(4, 3)).failed
    assert not draws_too_much(pdf())
    itself = forms(1, 3).replace(b"/X1", b"/X0").replace(b"11 0 R", b"10 0 R")
    assert not draws_too_much(itself)
