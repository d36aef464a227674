"""Letters with several blanks between them: the words are where more blanks are."""

from __future__ import annotations

import pytest

from classifiers.extract.extraction import extract_message

TEXTS = (
    "Practice moved to 4 pm in the gym, bring your notes and a calculator.",
    "Our secret, don't tell anybody. Meet me alone tonight.",
    "Mi padrastro me pega todas las noches y tengo miedo.",
)


@pytest.mark.parametrize("blanks", range(2, 9))
@pytest.mark.parametrize("text", TEXTS)
def test_words_are_kept(text: str, blanks: int) -> None:
    written = (" " * blanks).join(text)
    assert text in [passage.text for passage in extract_message(written.encode(), "sms").passages]


@pytest.mark.parametrize(
    "text", [*TEXTS, "a   b   c", "1  2  3  4  5  6  7  8  9  10  11  12", "A  B  C  D\nE  F  G  H"]
)
def test_other_texts_are_read_as_they_are(text: str) -> None:
    assert [passage.text for passage in extract_message(text.encode(), "sms").passages] == [text]
