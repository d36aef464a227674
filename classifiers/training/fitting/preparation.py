"""Prepares examples as the pipeline sees messages: the same passages, normalization and components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from spacy.language import Language

from classifiers.components.linear import SentenceFeatures
from classifiers.extract.passages import Passage
from classifiers.extract.quoting import PassageKind, split_passages
from classifiers.features.annotations import Floats, TextAnnotations, annotations_of
from classifiers.normalize.normalization import Normalizer
from classifiers.pipeline.texts import PipelineText, build_texts
from classifiers.training.examples.labeled import Example
from gateway.core.channels.registry import capabilities_of


@dataclass(frozen=True, slots=True)
class PreparedExample:
    """An example with the annotations of its new text, and of its quoted text if there is any."""

    example: Example
    new: TextAnnotations
    quoted: TextAnnotations | None = None


def passages_of(example: Example) -> Iterator[Passage]:
    """The passages of an example, as extraction would return them."""
    if example.subject:
        yield Passage("subject", 0, example.subject, PassageKind.SUBJECT)
    for start, end, kind in (
        split_passages(example.text)
        if capabilities_of(example.channel).quotes_earlier_messages
        else [(0, len(example.text), PassageKind.NEW)]
    ):
        yield Passage("1", start, example.text[start:end], kind)


def prepare(examples: Iterable[Example], nlp: Language, normalizer: Normalizer) -> Iterator[PreparedExample]:
    """Each example with its annotations from the components before the linear model."""
    for example in examples:
        features, language = build_texts(list(passages_of(example)), normalizer)
        direction = f"{example.sender}_to_{'student' if example.sender == 'staff' else 'staff'}"
        annotations = {}
        for text in features:
            annotations[text.kind] = _annotate(nlp, text, direction, language.code)
        new = annotations.get(PassageKind.NEW) or next(iter(annotations.values()), TextAnnotations(direction=direction))
        yield PreparedExample(example, new, annotations.get(PassageKind.QUOTED))


def _annotate(nlp: Language, text: PipelineText, direction: str, language: str) -> TextAnnotations:
    features = annotations_of(nlp(text.text))
    features.direction, features.language, features.disguises = direction, language, text.disguises
    return features


def sparse_row(features: SentenceFeatures, first: int, last: int) -> tuple[Floats, Floats]:
    """The sparse features of a window for fitting: columns and values."""
    words = features.ngrams.words[(features.ngrams.word_owner >= first) & (features.ngrams.word_owner <= last)]
    chars = features.ngrams.characters[
        (features.ngrams.character_owner >= first) & (features.ngrams.character_owner <= last)
    ]
    values = np.concatenate(
        [np.full(len(words), 1 / np.sqrt(max(len(words), 1))), np.full(len(chars), 1 / np.sqrt(max(len(chars), 1)))]
    )
    return np.concatenate([words, chars]), values


def dense_row(features: SentenceFeatures, first: int, last: int) -> Floats:
    """The dense features of a window: the unit mean vector, then the maximum over sentences."""
    means = features.means()[first : last + 1]
    total = features.vectors[first : last + 1].sum(axis=0)
    size = max(float(np.sqrt((total * total).sum())), 1e-6)
    return np.concatenate([total / size, means.max(axis=0)])
