"""Training: from the corpora to a model folder, reproducible by its seed.

The linear reader is cross-fitted, so that the head sees it only on texts that it has not seen. Thresholds are chosen,
and head and encoders weighed with each other, on texts kept back from all of them and on the development set; in the
end the readers learn from what was kept back as well. Development set and test split are learned from by none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classifiers import weights
from classifiers.components import head as heads
from classifiers.components.linear import LinearReader, LinearWeights
from classifiers.components.mixing import Mixing
from classifiers.evidence import Floats
from classifiers.pipeline import normaliser, rules
from classifiers.training.augment import augmented
from classifiers.training.examples import FOLDS, Example, Progress, development, district, folds, kept_back, labelled
from classifiers.training.fit import HEADS, Rows, fit_head, fit_linear
from classifiers.training.prepare import Prepared, prepare
from classifiers.training.public import public
from classifiers.training.thresholds import shifts
from classifiers.vectors import Vectors

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
    model, its encoders are taken further instead of begun anew: half an hour.
    """
    vectors = Vectors(weights.SHIPPED)
    examples, part, back = gathered(seed, data, more)
    if base:
        back = _new(examples, back, weights.learned(base))
    words = corpus_words([each for each in examples if each.source != "augmented" and each.weight == 1.0])
    nlp, normalise = rules(), normaliser(vectors.words | words)
    prepared: list[Prepared] = []
    for number, each in enumerate(prepare(examples, nlp, normalise)):
        prepared.append(each)
        if number % 1000 == 0:
            progress("reading", number, len(examples))
    held = [at for at, each in enumerate(examples) if each.id in back]
    rest = [at for at, each in enumerate(examples) if each.id not in back and not _made_of(each, part[at])]
    learned, kept = [prepared[at] for at in rest], [prepared[at] for at in held]
    encoders: list[Fitted] = []
    if encoder:
        from classifiers.training import encoding  # torch is needed for nothing else

        encoders = list(encoding.fitted(learned, vectors, out, seed, progress, base))
    rows = Rows(prepared, vectors)
    names = heads.feature_names(HEADS)
    features = np.zeros((len(prepared), len(names)), np.float32)
    for fold in range(FOLDS):
        progress("fitting", fold, FOLDS + 2)
        linear = fit_linear(rows, [each != fold for each in part])
        mine = np.flatnonzero(np.array(part) == fold)
        features[mine] = features_of([prepared[int(at)] for at in mine], linear, vectors)
    progress("fitting", FOLDS, FOLDS + 2)
    linear = fit_linear(rows, np.isin(np.arange(len(examples)), rest).tolist())
    head = fit_head(features[rest], [examples[at] for at in rest], names, seed)
    weighed = [*kept, *prepare(development(), nlp, normalise)]
    logits = head.logits(features_of(weighed, linear, vectors))
    head = replace(head, shift=shifts(HEADS, logits, [each.example for each in weighed]))
    mixings: list[Mixing] = []
    if encoders:
        mixings = encoding.mixed(encoders, weighed, logits, head.shift, progress)
        encoding.finished(encoders, learned, kept, out, seed, progress)
    progress("fitting", FOLDS + 1, FOLDS + 2)
    linear = fit_linear(rows, np.isin(np.arange(len(examples)), [*rest, *held]).tolist())
    about: dict[str, object] = {
        "seed": seed,
        "data": sorted(path.name for path in data),
        "learned": sorted({each.source for each in examples} - {"augmented"}),
    }
    return weights.save(out, linear, head, words, about, mixings)


def _new(examples: Sequence[Example], back: frozenset[str], learned: frozenset[str]) -> frozenset[str]:
    """Of what is kept back, that which a model has not learned from: nothing, where only what stays apart is left."""
    return frozenset(each.id for each in examples if each.id in back and each.source not in learned)


def _made_of(example: Example, fold: int) -> bool:
    """Whether it may have been made of a text that is kept back."""
    return example.source == "augmented" and fold == FOLDS - 1


def gathered(
    seed: int, data: Sequence[Path], files: Sequence[Path] = ()
) -> tuple[list[Example], list[int], frozenset[str]]:
    """The examples to learn from, with the fold of each, and which are kept back; none of the test split."""
    corpus = district()
    split = folds(corpus, seed)
    kept = [(each, fold) for each, fold in zip(corpus, split, strict=True) if fold >= 0]
    for fold in range(FOLDS):
        kept += [(each, fold) for each in augmented([each for each, mine in kept if mine == fold], fold, seed)]
    more = [each for folder in data for each in public(folder)]
    more += [each for file in files for each in labelled(file)]
    kept += [(each, number // 50 % FOLDS) for number, each in enumerate(more)]
    return [each for each, _ in kept], [fold for _, fold in kept], kept_back(corpus, split)


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
