"""Runs of numbers are read in every way that fits, and none of them ends the reading."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.extract.hidden_writing.number_codes import readings, spaced_references
from tests.differential.evasions.check import SECRET as SENTENCE

SECRET = "our secret"
LISTS = [
    "5155550101 5155550102 5155550103 5155550104",
    "20261201, 20261202, 20261203, 20261204",
    "0000000000 0000000010 0000000020 0000000030",
    "12345678\n12345679",
    "", " ", "a b c", "- -",
]  # fmt: skip


@pytest.mark.parametrize("text", LISTS)
def test_a_list_of_rising_numbers_of_one_length_is_no_code(text: str) -> None:
    assert not any(any(map(str.isalpha, reading)) for reading in readings(text))


@pytest.mark.parametrize("width", [7, 8, 10])
def test_a_dump_with_offsets_is_read_without_them(width: int) -> None:
    data = SECRET.encode()
    lines = [f"{at:0{width}} " + " ".join(map(str, data[at : at + 4])) for at in range(0, len(data), 4)]
    assert SECRET in readings("\n".join(lines))


@given(st.lists(st.integers(min_value=0, max_value=10**12).map(str), max_size=12), st.sampled_from([" ", ", ", "\n"]))
def test_no_numbers_end_the_reading(numbers: list[str], between: str) -> None:
    for order in (numbers, sorted(numbers), [number.zfill(13) for number in sorted(numbers)]):
        list(readings(between.join(order)))


@pytest.mark.parametrize("form", ["&#{};", "&#x{:x};", "&amp;#{};"])
@pytest.mark.parametrize("plain", ["", "aeiou", "stlrn"])
@pytest.mark.parametrize(
    "spaced", [" ".join, lambda code: code.replace("#", "# "), lambda code: code.replace(";", " ; ")]
)
def test_references_with_blanks_in_them_are_read(spaced: Callable[[str], str], plain: str, form: str) -> None:
    code = spaced("".join(letter if letter in plain else form.format(ord(letter)) for letter in SENTENCE))
    text, said = spaced_references(f"See {code}.")
    assert (len(text), text.split()) == (len(code) + 5, ["See", "."])
    assert "".join(SENTENCE.split()) == "".join("".join(said).split())


@pytest.mark.parametrize(
    "text", ["R & # 12; B & # 14", "a & b # 1; " * 20, "& # & # & # & # & # & # & # ;", "&#77;" * 9]
)
def test_texts_with_such_signs_are_left_alone(text: str) -> None:
    assert spaced_references(text) == (text, [])
