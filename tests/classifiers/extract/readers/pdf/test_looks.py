from __future__ import annotations

import pytest

from tests.classifiers.extract.readers.pdf.test_letters import pdf
from tests.classifiers.extract.readers.reading_files import read
from tests.core.mime.drawn_text.pixel_fonts import FONTS, written

_LOOKS = {
    "color": ("1 0 0 rg ({}) Tj ", "0.7 g ({}) Tj "),
    "size": ("/F1 8 Tf ({}) Tj ", "/F1 4 Tf ({}) Tj "),
    "outline": ("1 Tr ({}) Tj ", "0 Tr ({}) Tj "),
}


@pytest.mark.parametrize("cover", ["one letter", "words", "letters"])
@pytest.mark.parametrize("way", _LOOKS)
def test_letters_of_marked_letters_are_a_picture(way: str, cover: str) -> None:
    rows = written(FONTS["sticks"], cover, *_LOOKS[way])
    text = "".join(f"{row} 0 -10 Td " for row in rows)
    assert "pictured" in read("a.pdf", pdf(f"BT /F1 6 Tf 20 780 Td {text} ET")).failed
