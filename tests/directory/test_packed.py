"""The packed form: what goes in comes out, and nothing else does."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.directory.names import person_keys, shown_keys, words
from gateway.directory.packed import (
    VERSION,
    Image,
    Index,
    IndexBuilder,
    NotAnImage,
    Runs,
    Texts,
    TextsBuilder,
    hash64,
    runs,
)  # fmt: skip

_texts = st.lists(st.text(), max_size=60)


def written(image: Image) -> bytes:
    file = BytesIO()
    image.written(file)
    return file.getvalue()


@given(_texts, st.lists(st.lists(st.integers(0, 2**32 - 1), max_size=5), max_size=20))
def test_texts_and_runs_come_back(texts: list[str], lists: list[list[int]]) -> None:
    builder = TextsBuilder()
    for each in texts:
        builder.add(each)
    image = Image.opened(written(Image({"n": 1}, {**builder.sections("t"), **runs(lists, "r")})))
    assert list(Texts(image, "t")) == texts
    assert [list(Runs(image, "r")[row]) for row in range(len(lists))] == lists
    assert image.facts == {"n": 1}


@given(_texts, st.text())
def test_an_index_finds_what_was_added_and_nothing_else(texts: list[str], other: str) -> None:
    builder = IndexBuilder()
    for number, each in enumerate(texts):
        builder.add(hash64(each), number)
    index = Index(Image.opened(written(Image({}, builder.sections("i")))), "i")
    for each in (*texts, other):
        numbers = [number for number, text in enumerate(texts) if text == each]
        assert index.every(each) == numbers[: IndexBuilder.MOST]
        assert index.first(each) == (numbers[0] if numbers else None)


def test_many_of_one_name_are_bounded_and_the_others_still_found() -> None:
    builder = IndexBuilder()
    for number in range(20_000):
        builder.add(hash64("test student"), number)
    builder.add(hash64("dana whitfield"), 7)
    index = Index(Image({}, builder.sections("i")), "i")
    assert index.every("test student") == list(range(IndexBuilder.MOST))
    assert index.every("dana whitfield") == [7]


@pytest.mark.parametrize("cut", [0, 5, 20, 30, -1])
def test_what_is_no_image_is_refused(cut: int) -> None:
    whole = written(Image({}, TextsBuilder().sections("t")))
    with pytest.raises(NotAnImage):
        Image.opened(whole[:cut])
    with pytest.raises(NotAnImage):
        Image.opened(whole.replace(b'"version": %d' % VERSION, b'"version": 999'))


@given(st.text(), st.text(), st.text())
def test_every_name_is_found_by_itself_in_both_orders(given_: str, middle: str, family: str) -> None:
    keys = set(person_keys(given_, middle, family))
    shown_keys(f"{given_} {middle} {family}")
    simple = all(each.isalpha() and each.isascii() and len(each) > 2 for each in (given_, family))
    if simple:
        assert keys & set(shown_keys(f"{given_} {family}")[0])
        assert keys & set(shown_keys(f"{family}, {given_}")[0])


@given(st.text())
def test_folding_is_the_same_for_its_own_result(text: str) -> None:
    once = words(text)
    assert all(each and not each.isdigit() for each in once)
    assert words(text.upper()) == words(text.lower()) or not text.isascii()
