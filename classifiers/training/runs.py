"""Fitting the reader of runs: a small network in JAX, trained on all heads at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from classifiers.components.runs import CHUNK, LAYERS, LOOKS, WIDTH, RunsWeights
from classifiers.evidence import Floats, Numbers

EPOCHS = 6
BATCH = 64
RATE = 2e-3
TABLE_SHARE = 0.3  # of the rate, for the vectors of the word pieces
WORD_DROP, VECTOR_DROP, POOL_DROP = 0.1, 0.3, 0.4
DECAY = 0.05
SMOOTH = 0.02

Weights = dict[str, Any]


def fit_runs(pieces: Sequence[Numbers], truth: Floats, weight: Floats, table: Floats, seed: int) -> RunsWeights:
    """The reader fitted on texts given as word pieces; `truth` has a column per head, nan where nothing is known."""
    random = np.random.default_rng(seed)
    key = jax.random.PRNGKey(seed)
    start = table[:, :WIDTH].astype(np.float32)
    weights = _begun(start / start.std() * 0.3, truth.shape[1], random)
    steps = EPOCHS * (len(pieces) // BATCH + 1)
    first = {name: jnp.zeros_like(value) for name, value in weights.items()}
    second = {name: jnp.zeros_like(value) for name, value in weights.items()}
    at = 0
    for _ in range(EPOCHS):
        for batch, labels, counts in _batches(pieces, truth, weight, len(table), random):
            at += 1
            key, drawn = jax.random.split(key)
            rate = RATE * min(at / (0.1 * steps), max(0.0, 0.5 * (1 + np.cos(np.pi * min(1.0, at / steps)))))
            weights, first, second = _step(weights, first, second, batch, labels, counts, drawn, rate, float(at))
    done = {name: np.asarray(value, np.float32) for name, value in weights.items()}
    return RunsWeights(
        done["table"][:-1].astype(np.float16).astype(np.float32),
        tuple((done[f"kernel{layer}"], done[f"bias{layer}"]) for layer in range(LAYERS)),
        done["looks"],
        done["heads"],
        done["bias"],
    )


def _begun(table: Floats, heads: int, random: np.random.Generator) -> Weights:
    weights: Weights = {"table": jnp.array(np.vstack([table, np.zeros((1, WIDTH), np.float32)]))}
    for layer in range(LAYERS):
        kernel = random.normal(size=(3 * WIDTH, WIDTH)) / np.sqrt(3 * WIDTH)
        weights[f"kernel{layer}"] = jnp.array(kernel, jnp.float32)
        weights[f"bias{layer}"] = jnp.zeros(WIDTH)
    weights["looks"] = jnp.zeros((WIDTH, LOOKS))
    weights["heads"] = jnp.array(random.normal(size=((1 + LOOKS) * WIDTH, heads)) * 0.01, jnp.float32)
    weights["bias"] = jnp.full(heads, -2.0)
    return weights


def _normed(x: Any) -> Any:
    return x / jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-6)


def _logits(weights: Weights, batch: Any, key: Any) -> Any:
    """As `RunsReader` reads, for a batch with padding, and with what training drops."""
    padding = weights["table"].shape[0] - 1
    keys = jax.random.split(key, 3)
    there = (batch != padding)[..., None].astype(jnp.float32)
    batch = jnp.where(jax.random.bernoulli(keys[0], WORD_DROP, batch.shape), padding, batch)
    x = weights["table"][batch]
    x = x * jax.random.bernoulli(keys[1], 1 - VECTOR_DROP, (x.shape[0], 1, WIDTH)) / (1 - VECTOR_DROP)
    for layer in range(LAYERS):
        y = _normed(x) * there
        before = jnp.pad(y, ((0, 0), (1, 0), (0, 0)))[:, :-1]
        behind = jnp.pad(y, ((0, 0), (0, 1), (0, 0)))[:, 1:]
        y = jnp.concatenate([before, y, behind], -1) @ weights[f"kernel{layer}"] + weights[f"bias{layer}"]
        x = x + jax.nn.gelu(y)
    z = _normed(x * there)
    most = jnp.where(there > 0, z, -9.0).max(1)
    weight = jax.nn.softmax(jnp.where(there > 0, z @ weights["looks"], -1e9), axis=1)
    seen = jnp.einsum("btk,btw->bkw", weight, z).reshape(batch.shape[0], -1)
    pooled = jnp.concatenate([most, seen], -1)
    pooled = pooled * jax.random.bernoulli(keys[2], 1 - POOL_DROP, pooled.shape) / (1 - POOL_DROP)
    return pooled @ weights["heads"] + weights["bias"]


def _loss(weights: Weights, batch: Any, labels: Any, counts: Any, key: Any) -> Any:
    logits = _logits(weights, batch, key)
    known = ~jnp.isnan(labels)
    labels = jnp.where(known, labels, 0.0) * (1 - 2 * SMOOTH) + SMOOTH
    each = jnp.maximum(logits, 0) - logits * labels + jnp.log1p(jnp.exp(-jnp.abs(logits)))
    return (each * known * counts[:, None]).sum() / (known * counts[:, None]).sum()


@jax.jit
def _step(
    weights: Weights,
    first: Weights,
    second: Weights,
    batch: Any,
    labels: Any,
    counts: Any,
    key: Any,
    rate: Any,
    at: Any,
) -> tuple[Weights, Weights, Weights]:
    """One step of Adam with decoupled decay, gradients cut at length one."""
    gradient = jax.grad(_loss)(weights, batch, labels, counts, key)
    size = jnp.sqrt(sum((each**2).sum() for each in gradient.values()))
    cut = jnp.minimum(1.0, 1.0 / (size + 1e-9))
    out: tuple[Weights, Weights, Weights] = ({}, {}, {})
    for name, value in weights.items():
        slope = gradient[name] * cut
        out[1][name] = 0.9 * first[name] + 0.1 * slope
        out[2][name] = 0.999 * second[name] + 0.001 * slope**2
        move = (out[1][name] / (1 - 0.9**at)) / (jnp.sqrt(out[2][name] / (1 - 0.999**at)) + 1e-8)
        mine = rate * TABLE_SHARE if name == "table" else rate
        decay = 0.0 if name == "table" else DECAY
        out[0][name] = value - mine * (move + decay * value)
    return out


def _batches(
    pieces: Sequence[Numbers], truth: Floats, weight: Floats, padding: int, random: np.random.Generator
) -> Iterator[tuple[Any, Floats, Floats]]:
    """Batches of texts of about the same length, in a new order every time; long texts at a random place."""
    length = np.array([min(len(each), CHUNK) for each in pieces])
    order = np.argsort(length + random.random(len(length)) * 12, kind="stable")
    batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    for number in random.permutation(len(batches)):
        chosen = batches[number]
        widest = max(16, int(np.ceil(length[chosen].max() / 32)) * 32)
        batch = np.full((BATCH, widest), padding, np.int32)
        labels = np.full((BATCH, truth.shape[1]), np.nan, np.float32)
        counts = np.zeros(BATCH, np.float32)
        for row, each in enumerate(chosen):
            text = pieces[each]
            begin = 0 if len(text) <= CHUNK else int(random.integers(0, len(text) - CHUNK + 1))
            batch[row, : min(len(text), CHUNK)] = text[begin : begin + CHUNK]
            labels[row], counts[row] = truth[each], weight[each]
        yield batch, labels, counts
