"""Intervals of shares and medians."""

from __future__ import annotations

import random

import pytest

from gateway.core.review.daily_counts import TIME_EDGES
from gateway.core.review.intervals import median_of_buckets, share


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 10, 0.0179, 0.4042), (81, 263, 0.2553, 0.3662)],
)  # the last one is Newcombe's example (1998)
def test_wilson_interval(part: int, whole: int, low: float, high: float) -> None:
    found = share(part, whole)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_share_of_nothing_has_no_value() -> None:
    assert (share(0, 0).value, share(0, 0).low, share(0, 0).small) == (None, None, True)
    assert not share(3, 100).small


def test_interval_contains_the_true_share() -> None:
    """In about 95 of 100 samples, also where the share is small."""
    seeded = random.Random(7)
    for true, whole in ((0.02, 150), (0.5, 40), (0.3, 400)):
        inside = 0
        for _ in range(400):
            found = share(sum(seeded.random() < true for _ in range(whole)), whole)
            assert found.low is not None
            assert found.high is not None
            inside += found.low <= true <= found.high
        assert inside >= 360, (true, whole, inside)


def test_median_of_buckets() -> None:
    assert median_of_buckets({}, TIME_EDGES).value is None
    one = median_of_buckets({2: 1}, TIME_EDGES)
    assert one.value is not None
    assert TIME_EDGES[1] <= one.value <= TIME_EDGES[2]
    many = median_of_buckets({0: 10, 2: 80, 13: 10}, TIME_EDGES)
    assert many.value == pytest.approx(120 + 180 * 0.5)
    assert many.low is not None
    assert many.high is not None
    assert 120 < many.low < many.value < many.high < 300
    last = median_of_buckets({len(TIME_EDGES): 4}, TIME_EDGES)
    assert last.value is not None
    assert last.value > TIME_EDGES[-1]
