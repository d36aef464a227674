"""A text that is changed keeps the map to the text as received."""

from __future__ import annotations

import pytest

from classifiers.normalize.normalized_text import NormalizedText, reordered, rewritten

RECEIVED = "see u 2nite"


def test_a_text_that_nothing_changed_has_its_own_places() -> None:
    assert NormalizedText(RECEIVED).received_range(4, 5) == (4, 5)


def test_a_word_in_the_place_of_another_one_is_mapped_to_all_of_it() -> None:
    normal = rewritten(NormalizedText(RECEIVED), [(4, 5, "you"), (6, 11, "tonight")], 2)
    assert normal.text == "see you tonight"
    assert normal.disguises == 2
    assert normal.received_range(4, 7) == (4, 5)
    assert normal.received_range(8, 15) == (6, 11)
    assert normal.received_range(0, 3) == (0, 3)


def test_a_second_change_is_mapped_to_the_received_text() -> None:
    once = rewritten(NormalizedText(RECEIVED), [(4, 5, "you")], 1)
    twice = rewritten(once, [(8, 13, "tonight")], 2)
    assert twice.text == "see you tonight"
    assert twice.received_range(8, 15) == (6, 11)
    assert twice.received_range(4, 7) == (4, 5)


def test_of_changes_that_overlap_the_first_one_counts() -> None:
    assert rewritten(NormalizedText("a b c"), [(0, 3, "x"), (2, 5, "y")], 0).text == "x c"


@pytest.mark.parametrize("source", [NormalizedText("yad"), rewritten(NormalizedText("yed"), [(1, 2, "a")], 0)])
def test_a_text_in_another_order_keeps_the_place_of_each_character(source: NormalizedText) -> None:
    normal = reordered(source, [2, 1, 0], 3)
    assert (normal.text, normal.disguises) == ("day", 3)
    assert normal.received_range(0, 1) == (2, 3)
    assert normal.received_range(0, 3) == (0, 3)
