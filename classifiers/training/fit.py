"""Fitting: the linear reader's heads, then the head over what all components say of texts the reader has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from classifiers.components.head import HeadWeights
from classifiers.components.linear import LinearWeights, seen
from classifiers.evidence import Floats
from classifiers.features import BUCKETS
from classifiers.training.examples import LABELS
from classifiers.training.prepare import Prepared, dense_of, row_of
from classifiers.vectors import WIDTH, Vectors
from gateway.core.verdict import PURPOSES

HEADS = (*LABELS, *(f"purpose:{name}" for name in PURPOSES))
COST = 4.0
HEAD_COST = 0.02

Progress = Callable[[str, int, int], None]


class Rows:
    """The windows of examples as a sparse matrix, with the example each belongs to."""

    def __init__(self, prepared: Sequence[Prepared], vectors: Vectors) -> None:
        columns, values, ends, dense = [], [], [0], []
        self.owner: list[int] = []
        self.weight: list[float] = []
        for number, each in enumerate(prepared):
            found = seen(each.fresh.text, each.fresh.sentences, vectors)
            whole = (0, len(found.words) - 1)
            windows = [*found.windows()]
            clean = not each.example.labels
            chosen = [whole] + (windows if clean and len(windows) > 1 else [])
            for first, last in chosen:
                at, value = row_of(found, first, last)
                columns.append(at)
                values.append(value)
                ends.append(ends[-1] + len(at))
                dense.append(dense_of(found, first, last))
                self.owner.append(number)
                self.weight.append(each.example.weight * (1.0 if (first, last) == whole else 0.5))
        sparse = csr_matrix(
            (np.concatenate(values).astype(np.float32), np.concatenate(columns), np.array(ends)),
            (len(ends) - 1, BUCKETS),
        )
        sparse.sum_duplicates()
        self.sparse, self.dense = sparse, np.stack(dense).astype(np.float32)
        self.prepared = prepared


def truth(each: Prepared, head: str) -> float:
    """1 or 0, or nan where the annotation does not speak about this head."""
    if head.startswith("purpose:"):
        return float(each.example.purpose == head[8:]) if each.example.purpose else np.nan
    return float(head in each.example.labels) if head in each.example.known else np.nan


def fit_linear(rows: Rows, use: Sequence[bool], jobs: int = 2) -> LinearWeights:
    """The linear reader fitted on the windows of those examples that `use` names."""
    taken = np.flatnonzero([use[number] for number in rows.owner])
    sparse = rows.sparse[taken]
    often = np.asarray((sparse > 0).sum(axis=0)).ravel()
    idf = np.where(often >= 2, np.log(len(taken) / np.maximum(often, 1)) / 5, 0).astype(np.float32)
    scaled = sparse.multiply(idf).tocsr()
    scaled.eliminate_zeros()
    used = np.flatnonzero(idf)
    compact = scaled[:, used]
    matrix = hstack([compact, csr_matrix(rows.dense[taken])]).tocsr().astype(np.float64)
    weight = np.array(rows.weight)[taken]
    fits = Parallel(n_jobs=jobs)(
        delayed(_one)(matrix, np.array([truth(rows.prepared[rows.owner[row]], head) for row in taken]), weight)
        for head in HEADS
    )
    table = np.zeros((BUCKETS, len(HEADS)), np.float32)
    table[used] = np.stack([coefficients[: len(used)] for coefficients, _ in fits], axis=1) * idf[used][:, None]
    dense = np.stack([coefficients[len(used) :] for coefficients, _ in fits], axis=1).astype(np.float32)
    bias = np.array([intercept for _, intercept in fits], np.float32)
    return LinearWeights(HEADS, table, dense[:WIDTH], dense[WIDTH:], bias)


def _one(matrix: csr_matrix, labels: Floats, weight: Floats) -> tuple[Floats, float]:
    known = ~np.isnan(labels)
    model = LogisticRegression(C=COST, solver="liblinear", dual=True, tol=0.02, max_iter=60, random_state=0)
    model.fit(matrix[known], labels[known], sample_weight=weight[known])
    return model.coef_[0], float(model.intercept_[0])


def fit_head(features: Floats, prepared: Sequence[Prepared], names: Sequence[str]) -> HeadWeights:
    """The head, fitted on features in which the linear reader had not seen the example."""
    center, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale < 1e-3, 1.0, scale)
    rows = np.clip((features - center) / scale, -6, 6)
    weight = np.array([each.example.weight for each in prepared])
    columns, bias = [], []
    for head in LABELS:
        labels = np.array([truth(each, head) for each in prepared])
        known = ~np.isnan(labels)
        model = LogisticRegression(C=HEAD_COST, max_iter=300)
        model.fit(rows[known], labels[known], sample_weight=weight[known])
        columns.append(model.coef_[0])
        bias.append(float(model.intercept_[0]))
    chosen = [number for number, each in enumerate(prepared) if each.example.purpose]
    model = LogisticRegression(C=HEAD_COST, max_iter=300)
    model.fit(rows[chosen], [PURPOSES.index(prepared[number].example.purpose) for number in chosen], weight[chosen])
    columns.extend(model.coef_)
    bias.extend(model.intercept_)
    weights = np.stack(columns, axis=1).astype(np.float32)
    outputs = HEADS
    return HeadWeights(
        outputs, tuple(names), center.astype(np.float32), scale.astype(np.float32), weights,
        np.array(bias, np.float32), np.zeros(len(outputs), np.float32),
    )  # fmt: skip
