"""Metrics: precision, recall, F1, calibration and rates, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

ROUNDS = 400


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % bootstrap interval and the number of cases."""

    value: float
    low: float
    high: float
    cases: int

    def __str__(self) -> str:
        return f"{100 * self.value:5.1f} % [{100 * self.low:.1f}, {100 * self.high:.1f}] of {self.cases}"


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality of one label."""

    precision: float
    recall: float
    f1: Rate
    cases: int


def rate(hits: Sequence[bool] | Bools, seed: int = 0) -> Rate:
    """The share of hits."""
    values = np.asarray(hits, dtype=np.float64)
    if not len(values):
        return Rate(float("nan"), float("nan"), float("nan"), 0)
    low, high = _interval(len(values), lambda drawn: float(values[drawn].mean()), seed)
    return Rate(float(values.mean()), low, high, len(values))


def quality(predicted: Bools, true: Bools, seed: int = 0) -> Quality:
    """Precision, recall and F1 of one label."""

    def f1(drawn: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
        both = float((predicted[drawn] & true[drawn]).sum())
        return 2 * both / max(float(predicted[drawn].sum() + true[drawn].sum()), 1.0)

    both = float((predicted & true).sum())
    low, high = _interval(len(true), f1, seed)
    everything = np.arange(len(true))
    return Quality(
        both / max(float(predicted.sum()), 1.0), both / max(float(true.sum()), 1.0),
        Rate(f1(everything), low, high, int(true.sum())), int(true.sum()),
    )  # fmt: skip


def calibration(scores: Floats, true: Bools, bins: int = 10) -> float:
    """The expected calibration error: the mean gap between score and truth over equal bins of scores."""
    bin_of = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [
        (bin_of == number).mean() * abs(float(scores[bin_of == number].mean()) - float(true[bin_of == number].mean()))
        for number in range(bins)
        if (bin_of == number).any()
    ]
    return float(sum(gaps))


def _interval(
    size: int, measure: Callable[[np.ndarray[tuple[int, ...], np.dtype[np.int64]]], float], seed: int
) -> tuple[float, float]:
    random = np.random.default_rng(seed)
    drawn = [measure(random.integers(0, size, size)) for _ in range(ROUNDS)]
    return float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))
