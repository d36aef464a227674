"""Emoji in the place of blanks."""

import pytest

from classifiers.normalize.normalization import Normalizer

NORMALIZER = Normalizer((), (), ())


@pytest.mark.parametrize("between", [" 👏 ", "👍", " ✨✨ ", "❤️", " 🎺 "])
def test_emoji_between_words_count_as_blanks(between: str) -> None:
    normal = NORMALIZER(between.join("i want to go home".split()))
    assert normal.text.split() == "i want to go home".split()


@pytest.mark.parametrize("text", ["see you 🍕 later", "i want 🍆 in 🍑 my 😈 room", "great 👍👍👍 see you then"])
def test_other_emoji_keep_their_meaning(text: str) -> None:
    assert len(NORMALIZER(text).text.split()) > len([word for word in text.split() if word.isascii()])
