"""Shapes of RTF with a word or letter each are read by where they stand on the page."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.classifiers.extract.readers.reading_files import read

SENTENCE = "please don't tell anybody that you will meet me alone tonight and delete this message"
FORMS = {
    "shapes": "{{\\shp{{\\*\\shpinst\\shpleft{0}\\shptop{1}\\shpright9000{{\\sp{{\\sn shapeType}}{{\\sv 202}}}}"
    "{{\\shptxt \\pard {2}\\par}}}}}}",
    "old shapes": "{{\\*\\do\\dobxpage\\dptxbx{{\\dptxbxtext \\pard {2}\\par}}\\dpx{0}\\dpy{1}\\dpxsize900}}",
    "paragraphs": "\\pard\\posx{0}\\posy{1} {2}\\par ",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pieces", [SENTENCE.split(), list(SENTENCE.replace(" ", ""))])
@pytest.mark.parametrize("seed", range(3))
def test_shapes_are_read_line_by_line(form: str, pieces: Sequence[str], seed: int) -> None:
    shapes = [
        FORMS[form].format(300 + 400 * (at % 12), 400 + 500 * (at // 12), piece) for at, piece in enumerate(pieces)
    ]
    random.Random(seed).shuffle(shapes)
    found = read("a.rtf", f"{{\\rtf1 {''.join(shapes)}}}".encode())
    assert ("" if len(pieces) > 20 else " ").join(pieces) in found.hidden
    assert found.failed == ()


def test_a_single_shape_is_read_as_it_stands() -> None:
    found = read("a.rtf", f"{{\\rtf1 Plan\\par {FORMS['shapes'].format(300, 400, 'See you on Monday')}}}".encode())
    assert found.text == "Plan\nSee you on Monday"
    assert found.hidden == ""
