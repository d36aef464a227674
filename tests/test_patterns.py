"""No regular expression of the product takes more than linear time, whatever the text."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.pattern_inputs import ProductPattern, hard_texts, product_patterns

SIZE = 2_000
"""Characters of the texts that every pattern is tried on."""
_MAX_MICROSECONDS = 0.1
"""CPU time for a character from which the growth is measured. Quadratic patterns take three times as much and more."""
_FACTOR = 4
_MAX_GROWTH = 2.2 * _FACTOR
"""Growth of the time when a text grows by the factor: 4 if it is linear, 16 if it is quadratic."""


def seconds(item: ProductPattern, text: Any) -> float:
    """The CPU time of a pattern on a text, the way it is used."""
    began = time.thread_time()
    if item.is_anchored:
        item.pattern.match(text)
        item.pattern.fullmatch(text)
    else:
        for _ in item.pattern.finditer(text):
            pass
    return time.thread_time() - began


def growth(item: ProductPattern, number: int) -> float:
    """How much longer a text takes that is longer by the factor. The shortest of five measurements of each counts."""
    short, long = (list(hard_texts(item.pattern, size))[number] for size in (SIZE, SIZE * _FACTOR))
    pairs = [(seconds(item, short), seconds(item, long)) for _ in range(5)]
    shorter, longer = (min(times) for times in zip(*pairs, strict=True))
    return longer / max(shorter, _MAX_MICROSECONDS * SIZE / 2e6)


def slow_texts(item: ProductPattern) -> list[str]:
    """The texts on which a pattern is superlinear."""
    found = []
    for number, text in enumerate(hard_texts(item.pattern, SIZE)):
        if seconds(item, text) * 1e6 > _MAX_MICROSECONDS * SIZE and growth(item, number) > _MAX_GROWTH:
            found.append(repr(text[:40]))
    return found


@pytest.mark.slow
def test_every_pattern_takes_linear_time() -> None:
    patterns = product_patterns()
    assert len(patterns) > 300
    slow = {item.name: texts for item in patterns if (texts := slow_texts(item))}
    assert slow == {}
