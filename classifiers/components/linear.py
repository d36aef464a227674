"""The linear model: static vectors, word and character n-grams; one logit per head and window of sentences.

The model is additive, so it can name the sentence and the words that contribute most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from classifiers.features.annotations import Floats, Numbers, SentenceWindow, TextAnnotations, annotations_of
from classifiers.features.mmap import single_precision_rows
from classifiers.features.ngrams import Ngrams, hash_ngrams, sum_by_sentence
from classifiers.features.vectors import StaticVectors
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import HELP

WINDOW_WORDS = 60
"""Words in a window of more than one sentence, at most."""

MAX_SENTENCES = 400
"""Sentences that are read separately. Everything after them counts as one sentence."""


@dataclass(frozen=True, slots=True)
class SentenceFeatures:
    """The features of a text, sentence by sentence: n-grams, vectors, counts of words and characters."""

    ngrams: Ngrams
    vectors: Floats
    words: Numbers
    characters: Numbers

    def means(self) -> Floats:
        """The unit vector of each sentence."""
        return unit_rows(self.vectors)

    def windows(self) -> Iterator[tuple[int, int]]:
        """First and last sentence of every window that is not part of another one."""
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


def unit_rows(rows: Floats) -> Floats:
    """Rows scaled to length one. Rows of zeros stay zeros."""
    size = np.sqrt((rows * rows).sum(axis=-1, keepdims=True))
    out: Floats = rows / np.maximum(size, np.float32(1e-6))
    return out


def sentence_features(annotations: TextAnnotations, vectors: StaticVectors) -> SentenceFeatures:
    """The features of a text. Its word pieces are stored in the annotations, because encoders need them too."""
    text, sentences = annotations.text, annotations.sentences
    starts = np.array([start for start, _ in sentences[:MAX_SENTENCES]] or [0], np.int64)
    ngrams = hash_ngrams(text, starts)
    annotations.pieces, annotations.piece_starts = vectors.pieces(text)
    sums = vectors.sums(annotations.pieces, annotations.piece_starts, starts)
    count = len(starts)
    return SentenceFeatures(
        ngrams,
        sums,
        np.bincount(ngrams.word_owner, minlength=count),
        np.bincount(ngrams.character_owner, minlength=count),
    )


@dataclass(frozen=True, slots=True)
class LinearWeights:
    """What the linear model learned: a row per bucket, a column per head of `heads`."""

    heads: tuple[str, ...]
    words: Floats  # buckets x heads, for both word and character n-grams
    mean: Floats  # WIDTH x heads
    most: Floats  # WIDTH x heads
    bias: Floats


class LinearModel:
    """Applies the weights to texts."""

    def __init__(self, weights: LinearWeights, vectors: StaticVectors) -> None:
        self.weights = weights
        self.vectors = vectors
        self._help = weights.heads.index(HELP) if HELP in weights.heads else None
        self._help_of_vectors = weights.mean[:, self._help or 0] + weights.most[:, self._help or 0]

    def annotate(self, annotations: TextAnnotations) -> None:
        """Set the logits of every window and of the whole text."""
        if not annotations.sentences:
            annotations.whole_text_logits = self.weights.bias.copy()
            return
        sentences = sentence_features(annotations, self.vectors)
        spans = list(sentences.windows())
        whole = (0, len(sentences.words) - 1)
        ngrams = self._ngram_sums(sentences)
        logits = self._logits(sentences, ngrams, [*spans, whole])
        annotations.windows = [
            SentenceWindow(first, last, row) for (first, last), row in zip(spans, logits[:-1], strict=True)
        ]
        annotations.whole_text_logits = logits[-1]
        if whole[1] and self._help is not None and annotations.direction != Direction.STAFF_TO_STUDENT:
            annotations.sentence_help = self._help_by_sentence(sentences, ngrams, self._help)

    def _ngram_sums(self, sentences: SentenceFeatures) -> tuple[Floats, Floats]:
        """The weights of the n-grams of words and of characters, summed by sentence."""
        weights, ngrams, count = self.weights, sentences.ngrams, len(sentences.words)
        return (
            sum_by_sentence(single_precision_rows(weights.words, ngrams.words), ngrams.word_owner, count),
            sum_by_sentence(single_precision_rows(weights.words, ngrams.characters), ngrams.character_owner, count),
        )

    def _help_by_sentence(self, sentences: SentenceFeatures, ngrams: tuple[Floats, Floats], column: int) -> Floats:
        """The help logit of each sentence, as if it were the whole text."""
        by_word, by_char = ngrams
        vectors = sentences.vectors
        size = np.sqrt(np.einsum("sv,sv->s", vectors, vectors))
        out: Floats = (
            self.weights.bias[column]
            + by_word[:, column] / np.sqrt(np.maximum(sentences.words, 1))
            + by_char[:, column] / np.sqrt(np.maximum(sentences.characters, 1))
            + vectors @ self._help_of_vectors / np.maximum(size, np.float32(1e-6))
        )
        return out

    def _logits(
        self, sentences: SentenceFeatures, ngrams: tuple[Floats, Floats], spans: list[tuple[int, int]]
    ) -> Floats:
        weights, (by_word, by_char) = self.weights, ngrams
        first = np.array([a for a, _ in spans])
        ends = np.array([b + 1 for _, b in spans])
        heads = len(weights.heads)
        sums = _window_sums(np.concatenate([by_word, by_char, sentences.vectors], axis=1), first, ends)
        roots = _root_counts(np.stack([sentences.words, sentences.characters], axis=1), first, ends)
        out: Floats = (
            weights.bias
            + sums[:, :heads] / roots[:, :1]
            + sums[:, heads : 2 * heads] / roots[:, 1:]
            + unit_rows(sums[:, 2 * heads :]) @ weights.mean
            + _window_maxima(sentences.means(), first, ends) @ weights.most
        )
        return out

    def word_weights(self, text: str, starts: Sequence[int], clauses: Sequence[str]) -> Floats:
        """How much each word of a text adds to the logit of each clause: a row per word, by their starts.

        A character n-gram counts for the word in which it begins, with its weight in the whole text.
        """
        ngrams = hash_ngrams(text, np.array(starts, np.int64))
        columns = [self.weights.heads.index(clause) for clause in clauses]
        out = np.zeros((len(starts), len(clauses)), np.float32)
        for buckets, owner in ((ngrams.words, ngrams.word_owner), (ngrams.characters, ngrams.character_owner)):
            np.add.at(out, owner, self.weights.words.take(buckets, axis=0)[:, columns] / np.sqrt(max(len(buckets), 1)))
        return out


def _window_sums(rows: Floats, first: Numbers, ends: Numbers) -> Floats:
    if len(rows) == 1:
        return np.repeat(rows, len(first), axis=0)
    total = np.zeros((len(rows) + 1, rows.shape[1]), np.float64)
    np.cumsum(rows, axis=0, dtype=np.float64, out=total[1:])
    out: Floats = (total[ends] - total[first]).astype(np.float32)
    return out


def _window_maxima(rows: Floats, first: Numbers, ends: Numbers) -> Floats:
    if len(rows) == 1:
        return np.repeat(rows, len(first), axis=0)
    return np.stack([rows[start:end].max(axis=0) for start, end in zip(first, ends, strict=True)])


def _root_counts(counts: Numbers, first: Numbers, ends: Numbers) -> Floats:
    total = np.zeros((len(counts) + 1, counts.shape[1]), np.int64)
    np.cumsum(counts, axis=0, out=total[1:])
    out: Floats = np.sqrt(np.maximum(total[ends] - total[first], 1)).astype(np.float32)
    return out


@Language.factory("chaperone_linear")
class LinearComponent:
    """The linear model as a component of the pipeline. Its model is set after it has been added."""

    def __init__(self, nlp: Language, name: str) -> None:
        self.model: LinearModel | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Set the logits of a doc's windows."""
        if self.model is not None:
            self.model.annotate(annotations_of(doc))
        return doc
