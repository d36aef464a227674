"""The trained model as files: written by training, read at the start of a worker, named by a hash of its content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from classifiers.arrays import mapped
from classifiers.components.encoder import Mixing
from classifiers.components.head import HeadWeights, feature_names
from classifiers.components.linear import LinearWeights
from classifiers.vectors import WIDTH

SHIPPED = Path(__file__).parent / "model"
FORMAT = 3
ENCODER = "encoder.onnx"
_FILES = ("reader.safetensors", "model.json", "words.txt")


class ModelError(Exception):
    """The model cannot be used: which file, what is wrong with it, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that training makes. `words` are words of the corpora that the vocabulary of the vectors lacks."""

    version: str
    linear: LinearWeights
    head: HeadWeights
    words: frozenset[str]
    encoder: Path | None = None
    mixing: Mixing | None = None


def folder_of(model: str) -> Path:
    """The folder that a configured model names; "" is the shipped one."""
    return Path(model) if model else SHIPPED


def save(
    folder: Path, linear: LinearWeights, head: HeadWeights, words: frozenset[str],
    about: dict[str, object], mixing: Mixing | None = None,
) -> str:  # fmt: skip
    """Write a model and give its version; with `mixing`, its encoder lies in the folder already."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        "words": linear.words.astype(np.float16), "mean": linear.mean, "most": linear.most, "bias": linear.bias,
        "center": head.center, "scale": head.scale, "first": head.first,
        "first_bias": head.first_bias, "second": head.second, "second_bias": head.second_bias, "shift": head.shift,
    }  # fmt: skip
    if mixing is not None:
        arrays |= {
            "mixing": mixing.weights, "mixing_bias": mixing.bias, "mixing_shift": mixing.shift, "gate": mixing.gate,
        }  # fmt: skip
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / _FILES[0])
    description = {"format": FORMAT, "heads": linear.heads, "outputs": head.outputs, "features": head.features, **about}
    (folder / _FILES[1]).write_text(json.dumps(description, indent=1) + "\n", "utf-8")
    (folder / _FILES[2]).write_text("\n".join(sorted(words)) + "\n", "utf-8")
    return version_of(folder)


def version_of(folder: Path) -> str:
    """The name of a model: a hash of what it consists of."""
    digest = hashlib.sha256()
    for name in (*_FILES, ENCODER):
        if name != ENCODER or (folder / name).exists():
            digest.update((folder / name).read_bytes())
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
            arrays["first_bias"], arrays["second"], arrays["second_bias"], arrays["shift"],
        )  # fmt: skip
        encoder, mixing = None, None
        if "mixing" in arrays:
            encoder = folder / ENCODER
            mixing = Mixing(arrays["mixing"], arrays["mixing_bias"], arrays["mixing_shift"], arrays["gate"])
    except KeyError as error:
        raise ModelError(f"{folder}/{_FILES[0]}: {error} is missing; train the model again") from error
    if linear.mean.shape != (WIDTH, len(heads)) or head.first.shape[1] != len(features):
        raise ModelError(f"{folder}/{_FILES[0]}: does not fit model.json; train the model again")
    if encoder is not None and not encoder.exists():
        raise ModelError(f"{encoder}: is missing; train the model again, or copy it from where the model came from")
    return Model(version, linear, head, words, encoder, mixing)
