"""Intervals for what reports count: of a share (Wilson 1927), and of a median of counts in buckets.

An interval contains the true value in 95 of 100 such samples. Small groups have wide ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, sqrt

Z = 1.959964
"""The quantile of the normal distribution for 95 percent."""
SMALL = 100
"""A share of fewer cases than this is marked as small in reports."""


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`, as a share with its interval; the three are None for a share of nothing."""

    part: int
    whole: int
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def small(self) -> bool:
        """Whether there are too few cases to compare this share with others."""
        return self.whole < SMALL


def share(part: int, whole: int) -> Share:
    """A share with its Wilson score interval, which also holds for shares of 0 and 1 and for few cases."""
    if whole <= 0:
        return Share(part, whole)
    value, square = min(part / whole, 1.0), Z * Z
    center = (value + square / (2 * whole)) / (1 + square / whole)
    half = Z / (1 + square / whole) * sqrt(value * (1 - value) / whole + square / (4 * whole * whole))
    return Share(part, whole, value, max(center - half, 0.0) if part else 0.0, min(center + half, 1.0))


@dataclass(frozen=True, slots=True)
class Median:
    """A median in seconds of `count` values with its interval; the three are None if there are no values."""

    count: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


def median_of_buckets(counts: Mapping[int, int], edges: Sequence[float]) -> Median:
    """The median of values that are only known by bucket, each spread evenly in its bucket.

    Bucket n ends at `edges[n]`, and the last one has no end. The interval is the usual one of order statistics.
    """
    total = sum(counts.values())
    if not total:
        return Median(0)
    half = Z * sqrt(total) / 2
    low, high = max(floor(total / 2 - half), 0), min(total / 2 + half + 1, total)
    return Median(total, *(_value_at(rank, counts, edges) for rank in (total / 2, low, high)))


def _value_at(rank: float, counts: Mapping[int, int], edges: Sequence[float]) -> float:
    before = 0
    for bucket in sorted(counts):
        count = counts[bucket]
        if count and before + count >= rank:
            start = edges[bucket - 1] if bucket else 0.0
            end = edges[bucket] if bucket < len(edges) else 2 * start
            return start + (end - start) * (rank - before) / count
        before += count
    return edges[-1]
