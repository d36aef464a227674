"""The trained model as files: written by training, read at the start of a worker, named by a hash of its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from classifiers.components.head import HeadWeights, feature_names
from classifiers.components.linear import LinearWeights
from classifiers.components.mixing import Mixing
from classifiers.features.annotations import Floats
from classifiers.features.mmap import mapped
from classifiers.features.vectors import WIDTH

SHIPPED = Path(__file__).parents[1] / "model"
FORMAT = 6
ENCODERS = ("encoder", "bilingual")
"""The encoders that a model may have, in the order in which they are asked: each a network, the second a tokenizer."""
HEAD = "head"
"""What is before them: it has a mixing as well."""
_FILES = ("reader.safetensors", "model.json", "words.txt")


class ModelError(Exception):
    """The model cannot be used: which file, what is wrong with it, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder as files, with its mixing; without a tokenizer it reads the word pieces of the static vectors."""

    network: Path
    tokenizer: Path | None
    mixing: Mixing


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that training makes. `mixing` is the head's; `words` are what the vocabulary of the vectors lacks."""

    version: str
    linear: LinearWeights
    head: HeadWeights
    mixing: Mixing
    words: frozenset[str]
    encoders: tuple[Encoder, ...] = ()


def folder_of(model: str) -> Path:
    """The folder that a configured model names; "" is the shipped one."""
    return Path(model) if model else SHIPPED


def save(
    folder: Path, linear: LinearWeights, head: HeadWeights, words: frozenset[str],
    about: dict[str, object], mixings: Sequence[Mixing],
) -> str:  # fmt: skip
    """Write a model and give its version; of the mixings the head's comes first; encoders lie in the folder already."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        "words": linear.words.astype(np.float16), "mean": linear.mean, "most": linear.most, "bias": linear.bias,
        "center": head.center, "scale": head.scale, "first": head.first,
        "first_bias": head.first_bias, "second": head.second, "second_bias": head.second_bias,
    }  # fmt: skip
    for name, mixing in zip((HEAD, *ENCODERS), mixings, strict=False):
        arrays |= {
            f"{name}.mixing": mixing.weights, f"{name}.bias": mixing.bias, f"{name}.shift": mixing.shift,
            f"{name}.gate": mixing.gate, f"{name}.own": mixing.own,
        }  # fmt: skip
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / _FILES[0])
    description = {"format": FORMAT, "heads": linear.heads, "outputs": head.outputs, "features": head.features, **about}
    (folder / _FILES[1]).write_text(json.dumps(description, indent=1) + "\n", "utf-8")
    (folder / _FILES[2]).write_text("\n".join(sorted(words)) + "\n", "utf-8")
    return version_of(folder)


def learned(folder: Path) -> frozenset[str]:
    """The sources that the model of a folder learned from, as far as it says: files of corpora, public sets."""
    return frozenset(_description(folder).get("learned", ()))


def seed_of(folder: Path) -> int:
    """The seed that a model was trained by, which says which messages it has not seen."""
    return int(_description(folder).get("seed", 1))


def _description(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / _FILES[1]).read_text("utf-8"))
    return found


def version_of(folder: Path) -> str:
    """The name of a model: a hash of what it consists of."""
    digest = hashlib.sha256()
    for name in _FILES:
        digest.update((folder / name).read_bytes())
    for name in ENCODERS:
        for path in (network_of(folder, name), tokenizer_of(folder, name)):
            if path.exists():
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def read(model: str = "") -> Model:
    """The model of a folder. Raises ModelError where it is missing, broken or of another program version."""
    folder = folder_of(model)
    try:
        description = json.loads((folder / _FILES[1]).read_text("utf-8"))
        arrays = mapped(folder / _FILES[0])
        words = frozenset((folder / _FILES[2]).read_text("utf-8").split())
        version = version_of(folder)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"{folder}: no readable model ({error}); name a folder that `chaperone train` wrote"
        ) from error
    heads, features = tuple(description.get("heads", ())), tuple(description.get("features", ()))
    if description.get("format") != FORMAT or features != feature_names(heads):
        raise ModelError(f"{folder}: made for other lexicons or another version of the classifiers; train it again")
    try:
        linear = LinearWeights(heads, arrays["words"], arrays["mean"], arrays["most"], arrays["bias"])
        head = HeadWeights(
            tuple(description["outputs"]), features, arrays["center"], arrays["scale"], arrays["first"],
            arrays["first_bias"], arrays["second"], arrays["second_bias"],
        )  # fmt: skip
        mixing = _mixing(HEAD, arrays)
        encoders = tuple(_encoder(folder, name, arrays) for name in ENCODERS if f"{name}.mixing" in arrays)
    except KeyError as error:
        raise ModelError(f"{folder}/{_FILES[0]}: {error} is missing; train the model again") from error
    if linear.mean.shape != (WIDTH, len(heads)) or head.first.shape[1] != len(features):
        raise ModelError(f"{folder}/{_FILES[0]}: does not fit model.json; train the model again")
    for each in encoders:
        if not each.network.exists():
            raise ModelError(
                f"{each.network}: is missing; train the model again, or copy it from where the model came from"
            )
    return Model(version, linear, head, mixing, words, encoders)


def network_of(folder: Path, name: str) -> Path:
    """Where the network of an encoder lies."""
    return folder / f"{name}.onnx"


def tokenizer_of(folder: Path, name: str) -> Path:
    """Where the tokenizer of an encoder lies that has word pieces of its own."""
    return folder / f"{name}.json"


def _encoder(folder: Path, name: str, arrays: Mapping[str, Floats]) -> Encoder:
    tokenizer = tokenizer_of(folder, name)
    return Encoder(network_of(folder, name), tokenizer if tokenizer.exists() else None, _mixing(name, arrays))


def _mixing(name: str, arrays: Mapping[str, Floats]) -> Mixing:
    return Mixing(*(arrays[f"{name}.{part}"] for part in ("mixing", "bias", "shift", "gate", "own")))
