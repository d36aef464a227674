"""What the teachers say of the windows of the training texts. Needs torch.

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
from classifiers.training.encoders.fitting import padded
from classifiers.training.encoders.transformer import EncoderNetwork
from classifiers.training.examples.labeled import Progress
from classifiers.training.fitting.linear_and_head import targets
from classifiers.training.fitting.preparation import PreparedExample

MOST_WINDOWS = 4
"""Windows of a text that are read, at most: drawn from all of them."""
PUBLIC_EVERY = 2
"""One in this many texts of public sets is read. They are short of what the teachers are needed for."""
FARTHEST = 9.0
"""Logits farther from zero than this say no more."""
BATCH = 64


@dataclass(frozen=True, slots=True)
class Teacher:
    """A fitted encoder, and how it cuts texts into pieces."""

    network: EncoderNetwork
    tokenizer: PieceTokenizer


@dataclass(frozen=True, slots=True)
class TaughtWindow:
    """A window as the student reads it.

    `targets` are the labels of its text, NaN where unknown, `logits` the mean of the teachers' logits, and `pooled` is
    what the last teacher makes of it before its heads. A window `tells_apart` if a student wrote it and its text says
    how plain its label is.
    """

    pieces: Numbers
    targets: Floats
    weight: float
    tells_apart: bool
    logits: Floats
    pooled: Floats


def taught_windows(
    prepared: Sequence[PreparedExample], teachers: Sequence[Teacher], seed: int, progress: Progress
) -> Iterator[TaughtWindow]:
    """Every window with what the teachers say. The student has the pieces of the last teacher."""
    random = np.random.default_rng(seed)
    chosen = [(example, window) for example in _thinned(prepared) for window in _windows(example.new, random)]
    logits: list[Floats] = []
    pooled: Floats = np.zeros(0, np.float32)
    for teacher in teachers:
        rows = [
            pieces for example, window in chosen for pieces in window_inputs(teacher.tokenizer, example.new, [window])
        ]
        found, pooled = _read(teacher.network, rows, progress)
        logits.append(found.clip(-FARTHEST, FARTHEST))
    for at, (example, window) in enumerate(chosen):
        whole = window == (0, len(example.new.sentences))
        labels = np.array(targets(example.example), np.float32)
        yield TaughtWindow(
            rows[at],
            labels if whole or not example.example.labels else np.full_like(labels, np.nan),
            example.example.cost,
            bool(example.example.sender == "student" and example.example.degree and example.example.weight == 1.0),
            np.mean([of_teacher[at] for of_teacher in logits], axis=0),
            pooled[at],
        )


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


def _read(network: EncoderNetwork, rows: Sequence[Numbers], progress: Progress) -> tuple[Floats, Floats]:
    """The logits and the pooled vectors of rows, in batches of similar length."""
    network = network.bfloat16().eval()
    order = np.argsort([len(row) for row in rows], kind="stable")
    logits: Floats | None = None
    pooled: Floats | None = None
    for at in range(0, len(order), BATCH):
        chosen = order[at : at + BATCH]
        pieces, present = padded([rows[int(one)] for one in chosen])
        with torch.no_grad():
            vectors = network.pooled(pieces, present.bfloat16())
            found = network.heads(vectors)
        if logits is None or pooled is None:
            logits = np.zeros((len(rows), found.shape[1]), np.float32)
            pooled = np.zeros((len(rows), vectors.shape[1]), np.float16)
        logits[chosen], pooled[chosen] = found.float().numpy(), vectors.float().numpy()
        progress("reading as the teachers do", at + len(chosen), len(order))
    assert logits is not None
    assert pooled is not None
    return logits, pooled
