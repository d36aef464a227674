"""Training: from the corpora to a model folder, reproducible by its seed.

The linear reader is cross-fitted, so that the head sees it only on texts that it has not seen. Head and encoders are
weighed with each other, and points and gates chosen, on the development set, by the readers as they are shipped. The
development set and the test split are learned from by none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classifiers.components import head as heads
from classifiers.components.linear import LinearReader, LinearWeights
from classifiers.features.annotations import Floats
from classifiers.features.vectors import Vectors
from classifiers.pipeline import model_files as weights
from classifiers.pipeline.pipeline import normaliser, rules
from classifiers.training.augment import augmented
from classifiers.training.examples import FOLDS, Example, Progress, development, district, folds, labelled
from classifiers.training.fit import HEADS, Rows, fit_head, fit_linear
from classifiers.training.mixing import fit_mixing
from classifiers.training.prepare import Prepared, prepare
from classifiers.training.public import public

if TYPE_CHECKING:
    from classifiers.training.encoding import Fitted


def silent(stage: str, done: int, of: int) -> None:
    """The progress nobody hears of."""


def train(
    out: Path,
    seed: int = 1,
    data: Sequence[Path] = (),
    more: Sequence[Path] = (),
    encoder: bool = False,
    base: Path | None = None,
    progress: Progress = silent,
) -> str:
    """Train a model into the folder `out` and give its version; `progress` hears of every step.

    Takes about a quarter of an hour on two cores, an hour more with the encoders. `data` are folders with public
    sets, for breadth; `more` are files of labelled messages, such as reviewers' decisions. With `base`, the folder of a
    model, its encoders are taken further instead of begun anew: an hour in all.
    """
    vectors = Vectors(weights.SHIPPED)
    examples, part = gathered(seed, data, more)
    words = corpus_words([each for each in examples if each.source != "augmented" and each.weight == 1.0])
    nlp, normalise = rules(), normaliser(vectors.words | words)
    prepared: list[Prepared] = []
    for number, each in enumerate(prepare(examples, nlp, normalise)):
        prepared.append(each)
        if number % 1000 == 0:
            progress("reading", number, len(examples))
    encoders: list[Fitted] = []
    if encoder:
        from classifiers.training import encoding  # torch is needed for nothing else

        encoders = list(encoding.fitted(prepared, vectors, out, seed, progress, base))
    rows = Rows(prepared, vectors)
    names = heads.feature_names(HEADS)
    features = np.zeros((len(prepared), len(names)), np.float32)
    for fold in range(FOLDS):
        progress("fitting", fold, FOLDS + 1)
        linear = fit_linear(rows, [each != fold for each in part])
        mine = np.flatnonzero(np.array(part) == fold)
        features[mine] = features_of([prepared[int(at)] for at in mine], linear, vectors)
    progress("fitting", FOLDS, FOLDS + 1)
    head = fit_head(features, examples, names, seed)
    linear = fit_linear(rows, [True] * len(prepared))
    apart = list(prepare(development(), nlp, normalise))
    logits = head.logits(features_of(apart, linear, vectors))
    mixings = [fit_mixing(HEADS, [logits], [each.example for each in apart])]
    if encoders:
        mixings += encoding.mixed(encoders, apart, logits, mixings[0], progress)
    about: dict[str, object] = {
        "seed": seed,
        "data": sorted(path.name for path in data),
        "learned": sorted({each.source for each in examples} - {"augmented"}),
    }
    return weights.save(out, linear, head, words, about, mixings)


def gathered(seed: int, data: Sequence[Path], files: Sequence[Path] = ()) -> tuple[list[Example], list[int]]:
    """The examples to learn from, with the fold of each; none of the test split."""
    corpus = district()
    split = folds(corpus, seed)
    kept = [(each, fold) for each, fold in zip(corpus, split, strict=True) if fold >= 0]
    for fold in range(FOLDS):
        kept += [(each, fold) for each in augmented([each for each, mine in kept if mine == fold], fold, seed)]
    more = [each for folder in data for each in public(folder)]
    more += [each for file in files for each in labelled(file)]
    kept += [(each, number // 50 % FOLDS) for number, each in enumerate(more)]
    return [each for each, _ in kept], [fold for _, fold in kept]


def features_of(prepared: Sequence[Prepared], linear: LinearWeights, vectors: Vectors) -> Floats:
    """The head's features of examples, read with this linear reader."""
    reader, out = LinearReader(linear, vectors), []
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
