"""What the teachers say of windows of the training texts, and of texts made of their parts. Needs torch.

Windows are those that the encoder of a model reads. The label of a long bad text does not say which window is bad: of
its windows only the teachers know something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from classifiers.components import encoder_windows
from classifiers.components.encoder import PieceTokenizer, window_inputs
from classifiers.features.annotations import Floats, Numbers, TextAnnotations
from classifiers.features.vectors import StaticVectors
from classifiers.training.encoders.fitting import padded
from classifiers.training.encoders.recombination import recombined_texts
from classifiers.training.encoders.transformer import EncoderNetwork
from classifiers.training.examples.labeled import Example, Progress
from classifiers.training.fitting.linear_and_head import HEADS, targets
from classifiers.training.fitting.preparation import PreparedExample

MOST_WINDOWS = 4
"""Windows of a text that are read, at most: drawn from all of them."""
PUBLIC_EVERY = 2
"""One in this many texts of public sets is read. They are short of what the teachers are needed for."""
WINDOWS, RECOMBINED = 50_000, 66_000
"""Windows of training texts, beside those that tell danger, distress and neither apart, and recombined texts."""
FARTHEST = 9.0
"""Logits farther from zero than this say no more."""
BATCH = 64


@dataclass(frozen=True, slots=True)
class Teacher:
    """A fitted encoder, and how it cuts texts into pieces. One that knows only English is asked of nothing else."""

    network: EncoderNetwork
    tokenizer: PieceTokenizer
    knows_only_english: bool = False


@dataclass(frozen=True, slots=True)
class TaughtWindow:
    """A window as the student reads it.

    `targets` are the labels of its text, NaN where unknown, and `logits` the mean of the logits of the teachers that
    know its language. A window `tells_apart` if a student wrote it and its text says how plain its label is.
    """

    pieces: Numbers
    targets: Floats
    weight: float
    tells_apart: bool
    logits: Floats


@dataclass(frozen=True, slots=True)
class _ChosenWindow:
    """A window of an example, or of a text of nobody."""

    text: TextAnnotations
    window: tuple[int, int]
    example: Example | None = None

    @property
    def is_english(self) -> bool:
        return (self.example.language if self.example else self.text.language) == "en"

    @property
    def tells_apart(self) -> bool:
        example = self.example
        return example is not None and example.sender == "student" and bool(example.degree) and example.weight == 1.0

    def targets(self) -> Floats:
        """The labels of the text if the window is all of it, or if it has none."""
        unknown = np.full(len(HEADS), np.nan, np.float32)
        if self.example is None or (self.example.labels and self.window != (0, len(self.text.sentences))):
            return unknown
        return np.array(targets(self.example), np.float32)


def taught_windows(
    prepared: Sequence[PreparedExample],
    teachers: Sequence[Teacher],
    vectors: StaticVectors,
    seed: int,
    progress: Progress,
) -> Iterator[TaughtWindow]:
    """Windows with what the teachers say. The student has the pieces of the last teacher."""
    random = np.random.default_rng(seed)
    chosen = _chosen_windows(prepared, random)
    chosen += [_ChosenWindow(text, (0, 1)) for text in recombined_texts(prepared, vectors, RECOMBINED, random)]
    logits: list[Floats] = []
    rows: list[Numbers] = []
    for teacher in teachers:
        rows = [pieces for one in chosen for pieces in window_inputs(teacher.tokenizer, one.text, [one.window])]
        logits.append(_read(teacher.network, rows, progress).clip(-FARTHEST, FARTHEST))
    for at, one in enumerate(chosen):
        yield TaughtWindow(
            rows[at],
            one.targets(),
            one.example.cost if one.example else 1.0,
            one.tells_apart,
            np.mean(
                [
                    of_teacher[at]
                    for teacher, of_teacher in zip(teachers, logits, strict=True)
                    if one.is_english or not teacher.knows_only_english
                ],
                axis=0,
            ),
        )


def _chosen_windows(prepared: Sequence[PreparedExample], random: np.random.Generator) -> list[_ChosenWindow]:
    windows = [
        _ChosenWindow(one.new, window, one.example)
        for one in _thinned(prepared)
        for window in _windows(one.new, random)
    ]
    others = [window for window in windows if not window.tells_apart]
    kept = random.permutation(len(others))[:WINDOWS]
    return [window for window in windows if window.tells_apart] + [others[int(at)] for at in sorted(kept)]


def _thinned(prepared: Sequence[PreparedExample]) -> Iterator[PreparedExample]:
    seen: Counter[str] = Counter()
    for example in prepared:
        seen[example.example.source] += 1
        if example.example.weight == 1.0 or seen[example.example.source] % PUBLIC_EVERY:
            yield example


def _windows(annotations: TextAnnotations, random: np.random.Generator) -> list[tuple[int, int]]:
    windows = list(encoder_windows.split_into_windows(annotations))
    if len(windows) <= MOST_WINDOWS:
        return windows
    return [windows[at] for at in sorted(random.choice(len(windows), MOST_WINDOWS, replace=False))]


def _read(network: EncoderNetwork, rows: Sequence[Numbers], progress: Progress) -> Floats:
    """The logits of rows, in batches of similar length."""
    network = network.bfloat16().eval()
    order = np.argsort([len(row) for row in rows], kind="stable")
    logits = np.zeros((len(rows), len(network.heads.bias)), np.float32)
    for at in range(0, len(order), BATCH):
        chosen = order[at : at + BATCH]
        pieces, present = padded([rows[int(one)] for one in chosen])
        with torch.no_grad():
            logits[chosen] = network(pieces, present.bfloat16()).float().numpy()
        progress("reading as the teachers do", at + len(chosen), len(order))
    return logits
