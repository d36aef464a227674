"""Training: from the corpora to a model folder, reproducible by its seed.

The linear reader is cross-fitted, so that the head and the thresholds see it only on texts it has not seen; the test
split is touched by neither.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from classifiers import weights
from classifiers.components import head as heads
from classifiers.components.linear import LinearReader, LinearWeights
from classifiers.evidence import Floats
from classifiers.pipeline import normaliser, rules
from classifiers.training.examples import FOLDS, Example, district, folds
from classifiers.training.fit import HEADS, Progress, Rows, fit_head, fit_linear
from classifiers.training.prepare import Prepared, prepare
from classifiers.training.thresholds import shifts
from classifiers.vectors import Vectors


def train(
    out: Path, seed: int = 1, data: Sequence[Path] = (), progress: Progress = lambda stage, done, of: None
) -> str:
    """Train a model into the folder `out` and give its version. Minutes on one core; `progress` hears of every step."""
    vectors = Vectors(weights.SHIPPED)
    examples = district()
    fold = folds(examples, seed)
    words = corpus_words([each for each, part in zip(examples, fold, strict=True) if part >= 0])
    nlp, normalise = rules(), normaliser(vectors.words | words)
    kept = [(each, part) for each, part in zip(examples, fold, strict=True) if part >= 0]
    prepared = []
    for number, each in enumerate(prepare([each for each, _ in kept], nlp, normalise)):
        prepared.append(each)
        if number % 500 == 0:
            progress("reading", number, len(kept))
    part = [number for _, number in kept]
    rows = Rows(prepared, vectors)
    names = heads.feature_names(HEADS)
    features = np.zeros((len(prepared), len(names)), np.float32)
    for number in range(FOLDS):
        progress("fitting", number, FOLDS + 1)
        linear = fit_linear(rows, [each != number for each in part])
        mine = [at for at, each in enumerate(part) if each == number]
        features[mine] = features_of([prepared[at] for at in mine], linear, vectors)
    progress("fitting", FOLDS, FOLDS + 1)
    linear = fit_linear(rows, [True] * len(prepared))
    head = fit_head(features, prepared, names)
    head = replace(head, shift=shifts(head, features, prepared))
    progress("saving", 0, 1)
    return weights.save(out, linear, head, words, {"seed": seed, "data": [path.name for path in data]})


def features_of(prepared: Sequence[Prepared], linear: LinearWeights, vectors: Vectors) -> Floats:
    """The head's features of examples, read with a linear reader."""
    reader = LinearReader(linear, vectors)
    out = []
    for each in prepared:
        reader.read(each.fresh)
        out.append(heads.features(each.fresh))
    return np.stack(out)


def corpus_words(examples: Sequence[Example]) -> frozenset[str]:
    """Words that several texts share, so that normalisation knows them; above all the Spanish ones."""
    count: dict[str, int] = {}
    for each in examples:
        for word in set(re.findall(r"[a-záéíóúüñ]{3,}", each.text.lower())):
            count[word] = count.get(word, 0) + 1
    return frozenset(word for word, times in count.items() if times >= 3)
