"""Training: from the corpora to a model folder, reproducible by its seed.

The readers are cross-fitted, so that the head sees them only on texts that they have not seen, and so is the head, so
that thresholds are chosen on texts that nothing has seen. The test split is touched by none of this.
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
from classifiers.components.runs import RunsReader, RunsWeights
from classifiers.evidence import Floats
from classifiers.pipeline import normaliser, rules
from classifiers.training.augment import augmented
from classifiers.training.examples import FOLDS, Example, Progress, district, folds, labelled
from classifiers.training.fit import HEADS, Rows, fit_head, fit_linear, truth
from classifiers.training.prepare import Prepared, prepare
from classifiers.training.public import public
from classifiers.training.runs import fit_runs
from classifiers.training.thresholds import shifts
from classifiers.vectors import Vectors


def silent(stage: str, done: int, of: int) -> None:
    """The progress nobody hears of."""


def train(
    out: Path,
    seed: int = 1,
    data: Sequence[Path] = (),
    more: Sequence[Path] = (),
    progress: Progress = silent,
) -> str:
    """Train a model into the folder `out` and give its version; `progress` hears of every step.

    Takes about a quarter of an hour on two cores. `data` are folders with public sets, for breadth; `more` are files of
    labelled messages, such as reviewers' decisions.
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
    rows = Rows(prepared, vectors)
    names = heads.feature_names(HEADS)
    features = np.zeros((len(prepared), len(names)), np.float32)
    for fold in range(FOLDS):
        progress("fitting", fold, FOLDS + 1)
        linear, runs = _readers(prepared, rows, [each != fold for each in part], vectors, seed)
        mine = np.flatnonzero(np.array(part) == fold)
        features[mine] = features_of([prepared[int(at)] for at in mine], linear, runs, vectors)
    progress("fitting", FOLDS, FOLDS + 1)
    linear, runs = _readers(prepared, rows, [True] * len(prepared), vectors, seed)
    head, shift = weighed(features, examples, part, names, seed)
    about: dict[str, object] = {"seed": seed, "data": sorted(path.name for path in data)}
    return weights.save(out, linear, runs, replace(head, shift=shift), words, about)


def gathered(seed: int, data: Sequence[Path], files: Sequence[Path] = ()) -> tuple[list[Example], list[int]]:
    """The examples to learn from, with the fold of each; no example of the test split."""
    corpus = district()
    kept = [(each, fold) for each, fold in zip(corpus, folds(corpus, seed), strict=True) if fold >= 0]
    for fold in range(FOLDS):
        kept += [(each, fold) for each in augmented([each for each, mine in kept if mine == fold], fold, seed)]
    more = [each for folder in data for each in public(folder)]
    more += [each for file in files for each in labelled(file)]
    kept += [(each, number // 50 % FOLDS) for number, each in enumerate(more)]
    return [each for each, _ in kept], [fold for _, fold in kept]


def _readers(
    prepared: Sequence[Prepared], rows: Rows, use: Sequence[bool], vectors: Vectors, seed: int
) -> tuple[LinearWeights, RunsWeights]:
    chosen = [each for each, used in zip(prepared, use, strict=True) if used]
    runs = fit_runs(
        [each.fresh.pieces for each in chosen],
        np.array([truth(each.example) for each in chosen], np.float32),
        np.array([each.example.weight for each in chosen], np.float32),
        vectors.table.astype(np.float32),
        seed,
    )
    return fit_linear(rows, use), runs


def weighed(
    features: Floats, examples: Sequence[Example], part: Sequence[int], names: Sequence[str], seed: int
) -> tuple[heads.HeadWeights, Floats]:
    """The head on all examples, and its shifts by heads that had not seen the example."""
    logits = np.zeros((len(examples), len(HEADS)), np.float32)
    fold = np.array(part)
    for number in range(FOLDS):
        others = np.flatnonzero(fold != number)
        head = fit_head(features[others], [examples[int(at)] for at in others], names, seed)
        logits[fold == number] = head.logits(features[fold == number])
    own = [at for at, each in enumerate(examples) if each.weight == 1.0 or each.source == "augmented"]
    shift = shifts(HEADS, logits[own], [examples[at] for at in own])
    return fit_head(features, examples, names, seed), shift


def features_of(prepared: Sequence[Prepared], linear: LinearWeights, runs: RunsWeights, vectors: Vectors) -> Floats:
    """The head's features of examples, read with these readers."""
    readers = LinearReader(linear, vectors), RunsReader(runs)
    out = []
    for each in prepared:
        for reader in readers:
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
