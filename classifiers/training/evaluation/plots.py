"""Draws curves of an evaluation: reliability, precision-recall, purpose confusion. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from classifiers.training.evaluation.results import ExampleResult
from gateway.core.messages.verdict import PURPOSES
from gateway.core.policy.clauses import LEARNED

BINS = 10


def draw(results: Sequence[ExampleResult], folder: Path) -> Iterator[Path]:
    """Draw into a folder. Yields the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in (
        ("reliability", _reliability(results)),
        ("precision_recall", _precision_recall(results)),
        ("purposes", _purposes(results)),
    ):
        path = folder / f"{name}.png"
        drawn.savefig(path, dpi=120, bbox_inches="tight")
        yield path


def _panels(title: str) -> tuple[Figure, list[Any]]:
    figure = Figure(figsize=(14, 6))
    figure.suptitle(title)
    return figure, list(figure.subplots(2, 5).ravel())


def _scores_and_labels(results: Sequence[ExampleResult], clause: str) -> tuple[Any, Any]:
    scores = np.array([result.verdict.score(clause) for result in results])
    return scores, np.array([clause in result.example.labels for result in results])


def _reliability(results: Sequence[ExampleResult]) -> Figure:
    figure, panels = _panels("share of messages with the label, by score (held from 0.5)")
    for clause, panel in zip(LEARNED, panels, strict=True):
        scores, true = _scores_and_labels(results, clause)
        bin_of = np.minimum((scores * BINS).astype(int), BINS - 1)
        filled = [result for result in range(BINS) if (bin_of == result).any()]
        panel.plot([0, 1], [0, 1], color="lightgrey")
        panel.plot(
            [scores[bin_of == result].mean() for result in filled],
            [true[bin_of == result].mean() for result in filled],
            "o-",
        )
        panel.set_title(f"clause {clause}")
    return figure


def _precision_recall(results: Sequence[ExampleResult]) -> Figure:
    figure, panels = _panels("precision (y) and recall (x), with the point at 0.5")
    for clause, panel in zip(LEARNED, panels, strict=True):
        scores, true = _scores_and_labels(results, clause)
        order = np.argsort(-scores, kind="stable")
        hits = np.cumsum(true[order])
        precision, recall = hits / np.arange(1, len(order) + 1), hits / max(int(true.sum()), 1)
        panel.plot(recall, precision)
        at = int((scores >= 0.5).sum()) - 1
        if at >= 0:
            panel.plot([recall[at]], [precision[at]], "o")
        panel.set_xlim(0, 1)
        panel.set_ylim(0, 1)
        panel.set_title(f"clause {clause}, {int(true.sum())}")
    return figure


def _purposes(results: Sequence[ExampleResult]) -> Figure:
    names = list(PURPOSES)
    counts = np.zeros((len(names), len(names)), int)
    for result in results:
        if result.example.purpose and result.verdict.purpose:
            predicted = max(names, key=lambda name: result.verdict.purpose.get(name, 0.0))
            counts[names.index(result.example.purpose), names.index(predicted)] += 1
    figure = Figure(figsize=(7, 6))
    panel = figure.subplots()
    panel.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    panel.set_xticks(range(len(names)), names, rotation=40, ha="right")
    panel.set_yticks(range(len(names)), names)
    panel.set_title("purpose: labeled (down), predicted (across)")
    for row in range(len(names)):
        for column in range(len(names)):
            panel.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=8)
    return figure
