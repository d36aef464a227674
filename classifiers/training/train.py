"""Training: from the corpus to a model folder, reproducible by its seed.

The linear model is cross-fitted, so the head is trained on texts that the linear model has not seen. Stackings,
thresholds and gates are fitted on messages for calibration, with the models as they are shipped. No model learns from
those or from the test split.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classifiers.components.head import cue_positions, feature_names, feature_row
from classifiers.components.linear import LinearModel, LinearWeights
from classifiers.features.annotations import Floats
from classifiers.features.vectors import StaticVectors
from classifiers.pipeline import model_files
from classifiers.pipeline.rules import build_normalizer, build_rule_pipeline
from classifiers.training.examples.augmentation import augment
from classifiers.training.examples.labeled import (
    CALIBRATION,
    CORPUS,
    FOLDS,
    Example,
    Progress,
    assign_folds,
    load_corpus,
    load_development_set,
    original_name,
    read_examples,
)
from classifiers.training.examples.ordinary_talk import read_ordinary_talk
from classifiers.training.examples.public_sets import read_public_sets
from classifiers.training.fitting.encoder_stackings import FittedEncoder, copy_encoders, fit_encoder_stackings
from classifiers.training.fitting.linear_and_head import HEADS, TrainingRows, fit_head, fit_linear
from classifiers.training.fitting.preparation import PreparedExample, prepare
from classifiers.training.fitting.stacking import fit_stacking, move_hold_point

ORDINARY_ROWS, CALIBRATION_ROWS = 2500, 400
"""Texts of each public set of ordinary talk that are learned from, and that thresholds are chosen by, at most.

The sets differ a hundredfold in size. So no register prevails.
"""


def no_progress(stage: str, done: int, of: int) -> None:
    """Ignore progress."""


def train(
    out: Path,
    seed: int = 1,
    data: Sequence[Path] = (),
    example_files: Sequence[Path] = (),
    encoder: bool = False,
    base: Path | None = None,
    progress: Progress = no_progress,
    corpus: Path = CORPUS,
    average_with: Path | None = None,
    move_hold: float = 0.0,
    teachers: Path | None = None,
) -> str:
    """Train a model into the folder `out` and return its version. `progress` is called at every step.

    Takes about 15 minutes on two cores, and an hour more with the encoders. `data` are folders with public sets;
    `example_files` are files of labeled messages, such as reviewers' decisions. With `base`, the folder of a model, its
    encoders are trained further instead of from their packages, half an hour in all; without `encoder` they are kept as
    they are. With `average_with`, the folder of a model, the weights of the first encoder are averaged with its own.
    With `teachers`, the folder of a model, the new model has one encoder, which learns from its encoders.
    `move_hold` is added to the logits of clauses that are held, once their thresholds are chosen. Raises Fault if the
    corpus is missing.
    """
    vectors = StaticVectors(model_files.SHIPPED)
    examples, fold_of = gather_examples(seed, data, example_files, corpus)
    calibration_set = gather_calibration(seed, data, corpus)  # before the long work: a missing file is noticed early
    words = corpus_words([example for example in examples if example.source != "augmented" and example.weight == 1.0])
    nlp, normalizer = build_rule_pipeline(), build_normalizer(vectors.words | words)
    prepared: list[PreparedExample] = []
    for number, prepared_example in enumerate(prepare(examples, nlp, normalizer)):
        prepared.append(prepared_example)
        if number % 1000 == 0:
            progress("reading", number, len(examples))
    encoders: list[FittedEncoder] = []
    if encoder:
        from classifiers.training.encoders import training as encoder_training  # torch is needed for nothing else

        encoders = list(
            encoder_training.fit_encoders(prepared, vectors, out, seed, progress, base, average_with, teachers)
        )
    rows = TrainingRows(prepared, vectors)
    names = feature_names(HEADS)
    features = np.zeros((len(prepared), len(names)), np.float32)
    for fold in range(FOLDS):
        progress("fitting", fold, FOLDS + 1)
        linear = fit_linear(rows, [other != fold for other in fold_of])
        in_fold = np.flatnonzero(np.array(fold_of) == fold)
        features[in_fold] = head_features([prepared[int(at)] for at in in_fold], linear, vectors)
    progress("fitting", FOLDS, FOLDS + 1)
    head = fit_head(features, examples, names, seed)
    linear = fit_linear(rows, [True] * len(prepared))
    calibration = list(prepare(calibration_set, nlp, normalizer))
    logits = head.logits(head_features(calibration, linear, vectors))
    stackings = [fit_stacking(HEADS, [logits], calibration_set)]
    if base and not encoder:
        encoders = list(copy_encoders(base, out, vectors))
    if encoders:
        stackings += fit_encoder_stackings(encoders, calibration, logits, stackings[0], progress)
    if move_hold:
        stackings = [move_hold_point(HEADS, stacking, move_hold) for stacking in stackings]
    metadata: dict[str, object] = {
        "seed": seed,
        "data": sorted(path.name for path in data),
        "learned": sorted({original_name(example.source) for example in examples} - {"augmented"}),
    }
    return model_files.save_model(out, linear, head, words, metadata, stackings)


def gather_examples(
    seed: int, data: Sequence[Path], files: Sequence[Path] = (), corpus: Path = CORPUS
) -> tuple[list[Example], list[int]]:
    """The examples to learn from, and the fold of each. The test split and rows for calibration are left out."""
    district = load_corpus(corpus)
    split = assign_folds(district, seed)
    kept = [(example, fold) for example, fold in zip(district, split, strict=True) if fold >= 0]
    for fold in range(FOLDS):
        kept += [
            (example, fold)
            for example in augment([example for example, in_fold in kept if in_fold == fold], fold, seed)
        ]
    more = [example for folder in data for example in read_public_sets(folder)]
    more += [example for rows in _ordinary_talk(data) for example in rows[:ORDINARY_ROWS]]
    more += [example for file in files for example in read_examples(file)]
    kept += [(example, number // 50 % FOLDS) for number, example in enumerate(more)]
    return [example for example, _ in kept], [fold for _, fold in kept]


def gather_calibration(seed: int, data: Sequence[Path], corpus: Path = CORPUS) -> list[Example]:
    """The examples by which stackings, thresholds and gates are chosen: no model has learned from them.

    These are the development set, the rows that the corpus keeps for calibration, and some ordinary talk.
    """
    district = load_corpus(corpus)
    split = assign_folds(district, seed)
    kept = [one for one, fold in zip(district, split, strict=True) if fold == CALIBRATION and one.degree]
    ordinary = [one for rows in _ordinary_talk(data) for one in rows[ORDINARY_ROWS:][:CALIBRATION_ROWS]]
    return [*load_development_set(corpus), *kept, *ordinary]


def _ordinary_talk(data: Sequence[Path]) -> list[list[Example]]:
    """The texts of each public set of ordinary talk, in an order that depends on the texts only."""
    sets: dict[str, list[Example]] = {}
    for folder in data:
        for example in read_ordinary_talk(folder):
            sets.setdefault(example.source, []).append(example)
    return [sorted(rows, key=lambda one: one.id) for rows in sets.values()]


def head_features(prepared: Sequence[PreparedExample], linear: LinearWeights, vectors: StaticVectors) -> Floats:
    """The features of the head for examples, computed with this linear model."""
    model, positions = LinearModel(linear, vectors), cue_positions(feature_names(HEADS))
    rows = []
    for example in prepared:
        model.annotate(example.new)
        rows.append(feature_row(example.new, positions))
    return np.stack(rows)


def corpus_words(examples: Sequence[Example]) -> frozenset[str]:
    """Words that at least three texts share. Normalization needs them, above all the Spanish ones."""
    count: dict[str, int] = {}
    for example in examples:
        for word in set(re.findall(r"[a-záéíóúüñ]{3,}", example.text.lower())):
            count[word] = count.get(word, 0) + 1
    return frozenset(word for word, times in count.items() if times >= 3)
