"""The reader of runs: word pieces in their order, through two narrow convolutions over trained vectors.

Where the linear reader sees which words there are, this one sees what stands beside what. Small enough to be plain
arithmetic: about half a millisecond for a hundred words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from classifiers.evidence import Evidence, Floats, Numbers, evidence

WIDTH = 128
LAYERS = 2
LOOKS = 4
CHUNK = 192
"""Word pieces that are read together; of a longer text the highest logits over its chunks count."""


@dataclass(frozen=True, slots=True)
class RunsWeights:
    """What the reader of runs learned; `table` has a row per word piece, in half precision."""

    table: Floats
    layers: tuple[tuple[Floats, Floats], ...]  # (3 * WIDTH, WIDTH) and (WIDTH,) each
    looks: Floats  # WIDTH x LOOKS
    heads: Floats  # ((1 + LOOKS) * WIDTH) x heads
    bias: Floats


class RunsReader:
    """Applies the weights to word pieces."""

    def __init__(self, weights: RunsWeights) -> None:
        self.weights = weights

    def read(self, noted: Evidence) -> None:
        """Note the logits of the whole text."""
        pieces = noted.pieces
        if not len(pieces):
            noted.runs = self.weights.bias
            return
        logits = [self._logits(pieces[at : at + CHUNK]) for at in range(0, len(pieces), CHUNK)]
        noted.runs = np.max(logits, axis=0) if len(logits) > 1 else logits[0]

    def _logits(self, pieces: Numbers) -> Floats:
        weights = self.weights
        x = weights.table[pieces].astype(np.float32)
        wide = np.zeros((len(x), 3 * WIDTH), np.float32)
        for kernel, bias in weights.layers:
            y = _normed(x)
            wide[1:, :WIDTH] = y[:-1]
            wide[:, WIDTH : 2 * WIDTH] = y
            wide[:-1, 2 * WIDTH :] = y[1:]
            x = x + _gelu(wide @ kernel + bias)
        z = _normed(x)
        weight = z @ weights.looks
        weight = np.exp(weight - weight.max(axis=0))
        seen = (weight / weight.sum(axis=0)).T @ z
        logits: Floats = np.concatenate([z.max(axis=0), seen.ravel()]) @ weights.heads + weights.bias
        return logits


def _normed(x: Floats) -> Floats:
    out: Floats = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(1e-6))
    return out


def _gelu(x: Floats) -> Floats:
    out: Floats = np.float32(0.5) * x * (1 + np.tanh(np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)))
    return out


@Language.factory("chaperone_runs")
class Runs:
    """The reader as a component of the pipeline; it is given its weights after it has been added."""

    def __init__(self, nlp: Language, name: str) -> None:
        self.reader: RunsReader | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Note the logits of a doc."""
        if self.reader is not None:
            self.reader.read(evidence(doc))
        return doc
