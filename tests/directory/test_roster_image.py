"""Roster images: packed sections round trip, and invalid images are refused."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.directory.roster_image import (  # fmt: skip
    VERSION,
    HashIndex,
    HashIndexBuilder,
    InvalidImage,
    PackedLists,
    PackedTexts,
    PackedTextsBuilder,
    RosterImage,
    hash64,
    pack_lists,
)

_texts = st.lists(st.text(), max_size=60)


def written(image: RosterImage) -> bytes:
    file = BytesIO()
    image.write(file)
    return file.getvalue()


@given(_texts, st.lists(st.lists(st.integers(0, 2**32 - 1), max_size=5), max_size=20))
def test_texts_and_lists_round_trip(texts: list[str], lists: list[list[int]]) -> None:
    builder = PackedTextsBuilder()
    for each in texts:
        builder.add(each)
    image = RosterImage.load(written(RosterImage({"n": 1}, {**builder.sections("t"), **pack_lists(lists, "r")})))
    assert list(PackedTexts(image, "t")) == texts
    assert [list(PackedLists(image, "r")[row]) for row in range(len(lists))] == lists
    assert image.facts == {"n": 1}


@given(_texts, st.text())
def test_index_finds_exactly_what_was_added(texts: list[str], other: str) -> None:
    builder = HashIndexBuilder()
    for number, each in enumerate(texts):
        builder.add(hash64(each), number)
    index = HashIndex(RosterImage.load(written(RosterImage({}, builder.sections("i")))), "i")
    for each in (*texts, other):
        numbers = [number for number, text in enumerate(texts) if text == each]
        assert index.every(each) == numbers[: HashIndexBuilder.MAX_PER_KEY]
        assert index.first(each) == (numbers[0] if numbers else None)


def test_entries_per_key_are_limited() -> None:
    builder = HashIndexBuilder()
    for number in range(20_000):
        builder.add(hash64("test student"), number)
    builder.add(hash64("dana whitfield"), 7)
    index = HashIndex(RosterImage({}, builder.sections("i")), "i")
    assert index.every("test student") == list(range(HashIndexBuilder.MAX_PER_KEY))
    assert index.every("dana whitfield") == [7]


@pytest.mark.parametrize("cut", [0, 5, 20, 30, -1])
def test_invalid_image_is_refused(cut: int) -> None:
    whole = written(RosterImage({}, PackedTextsBuilder().sections("t")))
    with pytest.raises(InvalidImage):
        RosterImage.load(whole[:cut])
    with pytest.raises(InvalidImage):
        RosterImage.load(whole.replace(b'"version": %d' % VERSION, b'"version": 999'))
