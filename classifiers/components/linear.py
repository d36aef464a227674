"""The linear reader: static vectors, word and character grams, one logit per head and window of sentences.

It is additive, so it can say which sentence and which words weigh most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from classifiers.features.annotations import Evidence, Floats, Numbers, Window, evidence
from classifiers.features.features import Grams, grams, per_sentence
from classifiers.features.vectors import Vectors

WINDOW_WORDS = 60
"""Words that a window of sentences holds at most, where it has more than one sentence."""

MAX_SENTENCES = 400
"""Sentences that are read one by one; what comes after them is read as one."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """A text as the linear reader sees it, sentence by sentence."""

    grams: Grams
    vectors: Floats
    words: Numbers
    chars: Numbers

    def means(self) -> Floats:
        """The unit vector of each sentence."""
        return unit(self.vectors)

    def windows(self) -> Iterator[tuple[int, int]]:
        """First and last sentence of every window that no other one holds."""
        last, size = -1, len(self.words)
        end = 0
        total = 0
        for first in range(size):
            if end <= first:
                end, total = first, 0
            while end < size and (end == first or total + self.words[end] <= WINDOW_WORDS):
                total += int(self.words[end])
                end += 1
            if end - 1 > last:
                last = end - 1
                yield first, last
            total -= int(self.words[first])


def unit(rows: Floats) -> Floats:
    """Rows at length one; rows of zeros stay."""
    size = np.sqrt((rows * rows).sum(axis=-1, keepdims=True))
    out: Floats = rows / np.maximum(size, np.float32(1e-6))
    return out


def seen(noted: Evidence, vectors: Vectors) -> Sentences:
    """A text through the eyes of the linear reader; its word pieces are noted for the reader of runs."""
    text, sentences = noted.text, noted.sentences
    starts = np.array([start for start, _ in sentences[:MAX_SENTENCES]] or [0], np.int64)
    found = grams(text, starts)
    noted.pieces, noted.piece_starts = vectors.pieces(text)
    sums = vectors.sums(noted.pieces, noted.piece_starts, starts)
    count = len(starts)
    return Sentences(
        found,
        sums,
        np.bincount(found.word_owner, minlength=count),
        np.bincount(found.char_owner, minlength=count),
    )


@dataclass(frozen=True, slots=True)
class LinearWeights:
    """What the linear reader learned: a row per bucket, a column per head of `heads`."""

    heads: tuple[str, ...]
    words: Floats  # buckets x heads, for word and character grams alike
    mean: Floats  # WIDTH x heads
    most: Floats  # WIDTH x heads
    bias: Floats


class LinearReader:
    """Applies the weights to texts."""

    def __init__(self, weights: LinearWeights, vectors: Vectors) -> None:
        self.weights = weights
        self.vectors = vectors

    def read(self, noted: Evidence) -> None:
        """Note the logits of every window and of the whole text."""
        if not noted.sentences:
            noted.whole = self.weights.bias.copy()
            return
        found = seen(noted, self.vectors)
        spans = list(found.windows())
        whole = (0, len(found.words) - 1)
        logits = self._logits(found, [*spans, whole])
        noted.windows = [Window(first, last, row) for (first, last), row in zip(spans, logits[:-1], strict=True)]
        noted.whole = logits[-1]

    def _logits(self, found: Sentences, spans: list[tuple[int, int]]) -> Floats:
        weights, count = self.weights, len(found.words)
        by_word = per_sentence(weights.words[found.grams.words].astype(np.float32), found.grams.word_owner, count)
        by_char = per_sentence(weights.words[found.grams.chars].astype(np.float32), found.grams.char_owner, count)
        means = found.means()
        first = np.array([a for a, _ in spans])
        behind = np.array([b + 1 for _, b in spans])
        most = np.stack([means[a : b + 1].max(axis=0) for a, b in spans])
        out: Floats = (
            weights.bias
            + _summed(by_word, first, behind) / _root(found.words, first, behind)
            + _summed(by_char, first, behind) / _root(found.chars, first, behind)
            + unit(_summed(found.vectors, first, behind)) @ weights.mean
            + most @ weights.most
        )
        return out

    def weights_of_words(self, text: str, starts: Sequence[int], clauses: Sequence[str]) -> Floats:
        """How much each word of a text weighs for each clause, all else being equal: a row a word, by where they start.

        A character gram counts for the word in which it begins, and weighs as much as it does in the whole text.
        """
        found = grams(text, np.array(starts, np.int64))
        columns = [self.weights.heads.index(clause) for clause in clauses]
        out = np.zeros((len(starts), len(clauses)), np.float32)
        for numbers, owner in ((found.words, found.word_owner), (found.chars, found.char_owner)):
            np.add.at(out, owner, self.weights.words[numbers][:, columns] / np.sqrt(max(len(numbers), 1)))
        return out


def _summed(rows: Floats, first: Numbers, behind: Numbers) -> Floats:
    if len(rows) == 1:
        return np.repeat(rows, len(first), axis=0)
    total = np.zeros((len(rows) + 1, rows.shape[1]), np.float64)
    np.cumsum(rows, axis=0, dtype=np.float64, out=total[1:])
    out: Floats = (total[behind] - total[first]).astype(np.float32)
    return out


def _root(counts: Numbers, first: Numbers, behind: Numbers) -> Floats:
    total = np.concatenate([[0], np.cumsum(counts)])
    out: Floats = np.sqrt(np.maximum(total[behind] - total[first], 1)).astype(np.float32)[:, None]
    return out


@Language.factory("chaperone_linear")
class Linear:
    """The reader as a component of the pipeline; it is given its weights after it has been added."""

    def __init__(self, nlp: Language, name: str) -> None:
        self.reader: LinearReader | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Note the logits of a doc's windows."""
        if self.reader is not None:
            self.reader.read(evidence(doc))
        return doc
