"""Fitting: the linear reader's heads, then the head over what all components say of texts the readers have not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from classifiers.components.head import HeadWeights
from classifiers.components.linear import LinearWeights, seen
from classifiers.features.annotations import Floats
from classifiers.features.features import BUCKETS
from classifiers.features.vectors import WIDTH, Vectors
from classifiers.training.examples import LABELS, Example
from classifiers.training.prepare import Prepared, dense_of, row_of
from gateway.core.messages.verdict import PURPOSES

HEADS = (*LABELS, *(f"purpose:{name}" for name in PURPOSES))
COST = 4.0
HIDDEN, NETWORKS, ROUNDS, PENALTY = 64, 4, 12, 1.0


class Rows:
    """The windows of examples as a sparse matrix, with the example each belongs to."""

    def __init__(self, prepared: Sequence[Prepared], vectors: Vectors) -> None:
        columns, values, ends, dense = [], [], [0], []
        self.owner: list[int] = []
        self.weight: list[float] = []
        for number, each in enumerate(prepared):
            found = seen(each.fresh, vectors)
            whole = (0, len(found.words) - 1)
            windows = list(found.windows())
            clean = not each.example.labels
            for first, last in [whole, *(windows if clean and len(windows) > 1 else [])]:
                at, value = row_of(found, first, last)
                columns.append(at)
                values.append(value)
                ends.append(ends[-1] + len(at))
                dense.append(dense_of(found, first, last))
                self.owner.append(number)
                self.weight.append(each.example.weight * (1.0 if (first, last) == whole else 0.5))
        shape = (len(ends) - 1, BUCKETS)
        self.sparse = csr_matrix(
            (np.concatenate(values).astype(np.float32), np.concatenate(columns), np.array(ends)), shape
        )
        self.sparse.sum_duplicates()
        self.dense = np.stack(dense).astype(np.float32)
        self.truth = np.array([truth(prepared[number].example) for number in self.owner])


def truth(example: Example) -> list[float]:
    """For each head 1 or 0, or nan where the annotation does not speak about it."""
    labels = [float(head in example.labels) if head in example.known else np.nan for head in LABELS]
    return labels + [float(example.purpose == name) if example.purpose else np.nan for name in PURPOSES]


def fit_linear(rows: Rows, use: Sequence[bool], jobs: int = 2) -> LinearWeights:
    """The linear reader fitted on the windows of those examples that `use` names."""
    taken = np.flatnonzero([use[number] for number in rows.owner])
    sparse = rows.sparse[taken]
    often = np.asarray((sparse > 0).sum(axis=0)).ravel()
    idf = np.where(often >= 3, np.log(len(taken) / np.maximum(often, 1)) / 5, 0).astype(np.float32)
    scaled = sparse.multiply(idf).tocsr()
    scaled.eliminate_zeros()
    used = np.flatnonzero(idf)
    matrix = hstack([scaled[:, used], csr_matrix(rows.dense[taken])]).tocsr().astype(np.float64)
    weight, labels = np.array(rows.weight)[taken], rows.truth[taken]
    fits = Parallel(n_jobs=jobs)(delayed(_one)(matrix, labels[:, at], weight) for at in range(len(HEADS)))
    table = np.zeros((BUCKETS, len(HEADS)), np.float32)
    table[used] = np.stack([coefficients[: len(used)] for coefficients, _ in fits], axis=1) * idf[used][:, None]
    dense = np.stack([coefficients[len(used) :] for coefficients, _ in fits], axis=1).astype(np.float32)
    bias = np.array([intercept for _, intercept in fits], np.float32)
    return LinearWeights(HEADS, table, dense[:WIDTH], dense[WIDTH:], bias)


def _one(matrix: csr_matrix, labels: Floats, weight: Floats) -> tuple[Floats, float]:
    known = ~np.isnan(labels)
    model = LogisticRegression(C=COST, solver="liblinear", dual=True, tol=0.05, max_iter=60, random_state=0)
    model.fit(matrix[known], labels[known], sample_weight=weight[known])
    return model.coef_[0], float(model.intercept_[0])


def fit_head(features: Floats, examples: Sequence[Example], names: Sequence[str], seed: int) -> HeadWeights:
    """The head, fitted on features in which the readers had not seen the example.

    Where people said only some things of a message of the district's own (a reviewer's decision, a purpose that is not
    known), a first fit on the others says what they left open. Public sets that say only some of the labels are for the
    readers alone.
    """
    labels = np.array([truth(each) for each in examples]).reshape(len(examples), len(HEADS))
    weight = np.array([each.weight for each in examples])
    ours = np.array([each.weight == 1.0 or each.known >= set(LABELS) for each in examples])
    left_open = np.isnan(labels).any(axis=1)
    whole, partly = ~left_open, left_open & ours
    first = _head(features[whole], labels[whole], weight[whole], names, seed)
    if not partly.any():
        return first
    labels[partly] = np.where(np.isnan(labels[partly]), first.logits(features[partly]) > 0, labels[partly])
    both = whole | partly
    return _head(features[both], labels[both], weight[both], names, seed)


def _head(features: Floats, labels: Floats, weight: Floats, names: Sequence[str], seed: int) -> HeadWeights:
    center, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale < 1e-3, 1.0, scale)
    rows = np.clip((features - center) / scale, -6, 6)
    networks = []
    for number in range(NETWORKS):
        network = MLPClassifier(
            (HIDDEN,), alpha=PENALTY, batch_size=128, max_iter=ROUNDS, random_state=1000 * seed + number, tol=0
        )
        networks.append(network.fit(rows, labels, sample_weight=weight))
    return HeadWeights(
        HEADS,
        tuple(names),
        center.astype(np.float32),
        scale.astype(np.float32),
        np.stack([each.coefs_[0] for each in networks]).astype(np.float32),
        np.stack([each.intercepts_[0] for each in networks]).astype(np.float32),
        np.stack([each.coefs_[1] for each in networks]).astype(np.float32),
        np.stack([each.intercepts_[1] for each in networks]).astype(np.float32),
    )
