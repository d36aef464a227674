"""The stackings of encoders, fitted on messages that no model has learned from. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import numpy as np

from classifiers.components.encoder import OnnxEncoder, PieceTokenizer, run_encoder, tokenizer_of
from classifiers.components.stacking import Stacking, pool_windows
from classifiers.features.annotations import Floats
from classifiers.features.vectors import StaticVectors
from classifiers.pipeline import model_files
from classifiers.training.examples.labeled import Progress
from classifiers.training.fitting.linear_and_head import HEADS
from classifiers.training.fitting.preparation import PreparedExample
from classifiers.training.fitting.stacking import fit_stacking
from gateway.core.messages.verdict import PURPOSES


@dataclass(frozen=True, slots=True)
class FittedEncoder:
    """A fitted encoder: its tokenizer and its file."""

    tokenizer: PieceTokenizer
    network: Path


def copy_encoders(base: Path, out: Path, vectors: StaticVectors) -> Iterator[FittedEncoder]:
    """Copy the encoders of a model as they are. Raises ValueError if they lack outputs that models have now."""
    if model_files.outputs_of(base) != HEADS:
        raise ValueError(f"{base}: its encoders have other outputs; train them further with --encoder")
    out.mkdir(parents=True, exist_ok=True)
    for name in model_files.encoders_of(base):
        for path in (model_files.network_path, model_files.tokenizer_path):
            if path(base, name).exists() and path(base, name) != path(out, name):
                copyfile(path(base, name), path(out, name))
        tokenizer = tokenizer_of(model_files.tokenizer_path(out, name), len(vectors.table))
        yield FittedEncoder(tokenizer, model_files.network_path(out, name))


def fit_encoder_stackings(
    encoders: Sequence[FittedEncoder],
    development: Sequence[PreparedExample],
    logits: Floats,
    first: Stacking,
    progress: Progress,
) -> Iterator[Stacking]:
    """The stackings of the encoders, fitted on the development set after the head's stacking `first`."""
    readings, previous = [logits], first
    for example in encoders:
        readings.append(encoder_logits(OnnxEncoder(example.network, example.tokenizer), development, progress))
        previous = fit_stacking(HEADS, readings, [one.example for one in development], previous)
        yield previous


def encoder_logits(reader: OnnxEncoder, prepared: Sequence[PreparedExample], progress: Progress) -> Floats:
    """The logits of the next encoder for examples that the encoders before it have read, a row each."""
    readings = np.zeros((len(prepared), len(HEADS)), np.float32)
    for row, example in enumerate(prepared):
        if run_encoder(reader, example.new, HEADS):
            readings[row] = pool_windows(example.new.encoder_logits[-1], len(PURPOSES))
        progress("weighing the encoder", row + 1, len(prepared))
    return readings
