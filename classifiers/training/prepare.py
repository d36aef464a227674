"""Examples as the pipeline sees them: the same passages, normalisation and components as in service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from spacy.language import Language

from classifiers.components.linear import Sentences, seen
from classifiers.extract.extraction import Passage
from classifiers.extract.quoting import Kind, passages
from classifiers.features.annotations import Evidence, Floats, evidence
from classifiers.features.features import BUCKETS
from classifiers.features.vectors import Vectors
from classifiers.normalize.normalization import Normaliser
from classifiers.pipeline.texts import ReadText, texts
from classifiers.training.examples import Example


@dataclass(frozen=True, slots=True)
class Prepared:
    """An example with the evidence on what is written now, and on what is quoted where something is."""

    example: Example
    fresh: Evidence
    quoted: Evidence | None = None


def passages_of(example: Example) -> Iterator[Passage]:
    """The passages of an example, as extraction gives them of a message."""
    if example.subject:
        yield Passage("subject", 0, example.subject, Kind.SUBJECT)
    for start, end, kind in (
        passages(example.text) if example.channel == "mail" else [(0, len(example.text), Kind.FRESH)]
    ):
        yield Passage("1", start, example.text[start:end], kind)


def prepare(examples: Iterable[Example], nlp: Language, normalise: Normaliser) -> Iterator[Prepared]:
    """Each example with its evidence from the components before the linear reader."""
    for example in examples:
        found, language = texts(list(passages_of(example)), normalise)
        direction = f"{example.sender}_to_{'student' if example.sender == 'staff' else 'staff'}"
        noted = {}
        for text in found:
            noted[text.kind] = _noted(nlp, text, direction, language.code)
        fresh = noted.get(Kind.FRESH) or next(iter(noted.values()), Evidence(direction=direction))
        yield Prepared(example, fresh, noted.get(Kind.QUOTED))


def _noted(nlp: Language, text: ReadText, direction: str, language: str) -> Evidence:
    found = evidence(nlp(text.text))
    found.direction, found.language, found.tricks = direction, language, text.tricks
    return found


def row_of(found: Sentences, first: int, last: int) -> tuple[Floats, Floats]:
    """The features of a window for fitting: columns and values, the dense ones behind the hashed ones."""
    words = found.grams.words[(found.grams.word_owner >= first) & (found.grams.word_owner <= last)]
    chars = found.grams.chars[(found.grams.char_owner >= first) & (found.grams.char_owner <= last)]
    values = np.concatenate(
        [np.full(len(words), 1 / np.sqrt(max(len(words), 1))), np.full(len(chars), 1 / np.sqrt(max(len(chars), 1)))]
    )
    return np.concatenate([words, chars]), values


def dense_of(found: Sentences, first: int, last: int) -> Floats:
    """The vector features of a window: the unit mean, then the maximum over sentences."""
    means = found.means()[first : last + 1]
    total = found.vectors[first : last + 1].sum(axis=0)
    size = max(float(np.sqrt((total * total).sum())), 1e-6)
    return np.concatenate([total / size, means.max(axis=0)])


__all__ = ["BUCKETS", "Prepared", "Vectors", "dense_of", "passages_of", "prepare", "row_of", "seen"]
