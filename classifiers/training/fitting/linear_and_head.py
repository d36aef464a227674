"""Fits the linear model, then the head on what all components found in texts that the linear model has not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from classifiers.components.head import HeadWeights
from classifiers.components.linear import LinearWeights, sentence_features
from classifiers.features.annotations import Floats
from classifiers.features.ngrams import BUCKETS
from classifiers.features.vectors import WIDTH, StaticVectors
from classifiers.training.examples.labeled import LABELS, Example
from classifiers.training.fitting.preparation import PreparedExample, dense_row, sparse_row
from gateway.core.messages.verdict import PURPOSES
from gateway.core.policy.clauses import CONFIDENTIAL, HELD

HEADS = (*LABELS, *(f"purpose:{name}" for name in PURPOSES))
INVERSE_PENALTY = 4.0
_SAYS_MUCH = frozenset((*HELD, "hold", "help")) - {CONFIDENTIAL}
"""The labels of rows that say whether anything in them is prohibited."""
HIDDEN_UNITS, NETWORKS, EPOCHS, PENALTY = 64, 4, 12, 1.0


class TrainingRows:
    """The windows of examples as a sparse matrix, and the example of each."""

    def __init__(self, prepared: Sequence[PreparedExample], vectors: StaticVectors) -> None:
        columns, values, ends, dense = [], [], [0], []
        self.owner: list[int] = []
        self.weight: list[float] = []
        for number, example in enumerate(prepared):
            found = sentence_features(example.new, vectors)
            fully_labeled = (0, len(found.words) - 1)
            windows = list(found.windows())
            clean = not example.example.labels
            for first, last in [fully_labeled, *(windows if clean and len(windows) > 1 else [])]:
                at, value = sparse_row(found, first, last)
                columns.append(at)
                values.append(value)
                ends.append(ends[-1] + len(at))
                dense.append(dense_row(found, first, last))
                self.owner.append(number)
                self.weight.append(example.example.cost * (1.0 if (first, last) == fully_labeled else 0.5))
        shape = (len(ends) - 1, BUCKETS)
        self.sparse = csr_matrix(
            (np.concatenate(values).astype(np.float32), np.concatenate(columns), np.array(ends)), shape
        )
        self.sparse.sum_duplicates()
        self.dense = np.stack(dense).astype(np.float32)
        self.truth = np.array([targets(prepared[number].example) for number in self.owner])


def targets(example: Example) -> list[float]:
    """For each head 1 or 0, or NaN if the annotation does not cover it."""
    labels = [float(head in example.labels) if head in example.known else np.nan for head in LABELS]
    return labels + [float(example.purpose == name) if example.purpose else np.nan for name in PURPOSES]


def fit_linear(rows: TrainingRows, use: Sequence[bool], jobs: int = 2) -> LinearWeights:
    """Fit the linear model on the windows of the examples that `use` selects."""
    taken = np.flatnonzero([use[number] for number in rows.owner])
    sparse = rows.sparse[taken]
    document_counts = np.asarray((sparse > 0).sum(axis=0)).ravel()
    idf = np.where(document_counts >= 3, np.log(len(taken) / np.maximum(document_counts, 1)) / 5, 0).astype(np.float32)
    scaled = sparse.multiply(idf).tocsr()
    scaled.eliminate_zeros()
    used = np.flatnonzero(idf)
    matrix = hstack([scaled[:, used], csr_matrix(rows.dense[taken])]).tocsr().astype(np.float64)
    weight, labels = np.array(rows.weight)[taken], rows.truth[taken]
    fits = Parallel(n_jobs=jobs)(delayed(_fit_one_head)(matrix, labels[:, at], weight) for at in range(len(HEADS)))
    table = np.zeros((BUCKETS, len(HEADS)), np.float32)
    table[used] = np.stack([coefficients[: len(used)] for coefficients, _ in fits], axis=1) * idf[used][:, None]
    dense = np.stack([coefficients[len(used) :] for coefficients, _ in fits], axis=1).astype(np.float32)
    bias = np.array([intercept for _, intercept in fits], np.float32)
    return LinearWeights(HEADS, table, dense[:WIDTH], dense[WIDTH:], bias)


def _fit_one_head(matrix: csr_matrix, labels: Floats, weight: Floats) -> tuple[Floats, float]:
    known = ~np.isnan(labels)
    model = LogisticRegression(C=INVERSE_PENALTY, solver="liblinear", dual=True, tol=0.05, max_iter=60, random_state=0)
    model.fit(matrix[known], labels[known], sample_weight=weight[known])
    return model.coef_[0], float(model.intercept_[0])


def fit_head(features: Floats, examples: Sequence[Example], names: Sequence[str], seed: int) -> HeadWeights:
    """Fit the head on features of examples that the linear model had not seen.

    If an annotation of a district's own message or of ordinary talk is partial (a reviewer's decision, an unknown
    purpose), a first fit on the other examples fills in the missing labels. Public sets that say little train the
    linear model and the encoders only.
    """
    labels = np.array([targets(example) for example in examples]).reshape(len(examples), len(HEADS))
    weight = np.array([example.cost for example in examples])
    from_district = np.array([example.weight == 1.0 or example.known >= _SAYS_MUCH for example in examples])
    has_unknown = np.isnan(labels).any(axis=1)
    fully_labeled, partly_labeled = ~has_unknown, has_unknown & from_district
    first = _fit_networks(features[fully_labeled], labels[fully_labeled], weight[fully_labeled], names, seed)
    if not partly_labeled.any():
        return first
    labels[partly_labeled] = np.where(
        np.isnan(labels[partly_labeled]), first.logits(features[partly_labeled]) > 0, labels[partly_labeled]
    )
    both = fully_labeled | partly_labeled
    return _fit_networks(features[both], labels[both], weight[both], names, seed)


def _fit_networks(features: Floats, labels: Floats, weight: Floats, names: Sequence[str], seed: int) -> HeadWeights:
    center, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale < 1e-3, 1.0, scale)
    rows = np.clip((features - center) / scale, -6, 6)
    networks = []
    for number in range(NETWORKS):
        network = MLPClassifier(
            (HIDDEN_UNITS,), alpha=PENALTY, batch_size=128, max_iter=EPOCHS, random_state=1000 * seed + number, tol=0
        )
        networks.append(network.fit(rows, labels, sample_weight=weight))
    return HeadWeights(
        HEADS,
        tuple(names),
        center.astype(np.float32),
        scale.astype(np.float32),
        np.stack([example.coefs_[0] for example in networks]).astype(np.float32),
        np.stack([example.intercepts_[0] for example in networks]).astype(np.float32),
        np.stack([example.coefs_[1] for example in networks]).astype(np.float32),
        np.stack([example.intercepts_[1] for example in networks]).astype(np.float32),
    )
