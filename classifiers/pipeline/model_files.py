"""The trained model as files. Training writes them, workers read them; the version is a hash of their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from classifiers.components.head import CONTEXT_FEATURES, HeadWeights, feature_names
from classifiers.components.linear import LinearWeights
from classifiers.components.stacking import Stacking
from classifiers.features.annotations import Floats
from classifiers.features.mmap import map_arrays
from classifiers.features.vectors import WIDTH

SHIPPED = Path(__file__).parents[1] / "model"
FORMAT = 7
_READABLE = (6, FORMAT)
"""Formats of models that can be used. Those of format 6 do not tell distress from calls for help."""
ENCODERS = ("encoder", "bilingual")
"""The encoders that a model may have, in the order in which they run. A model that others taught has only the first."""
HEAD = "head"
"""The model before the encoders. It has a stacking as well."""
_FILES = ("reader.safetensors", "model.json", "words.txt")


class ModelError(Exception):
    """The model cannot be used. The text names the file, what is wrong, and the remedy."""


@dataclass(frozen=True, slots=True)
class EncoderFiles:
    """The files of an encoder, and its stacking. Without a tokenizer it reads the word pieces of the static vectors."""

    network: Path
    tokenizer: Path | None
    stacking: Stacking


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """Everything that training makes. `stacking` is the head's. `words` are not in the vocabulary of the vectors."""

    version: str
    linear: LinearWeights
    head: HeadWeights
    stacking: Stacking
    words: frozenset[str]
    encoders: tuple[EncoderFiles, ...] = ()


def folder_of(model: str) -> Path:
    """The folder of a configured model; "" is the shipped one."""
    return Path(model) if model else SHIPPED


def save_model(
    folder: Path, linear: LinearWeights, head: HeadWeights, words: frozenset[str],
    metadata: dict[str, object], stackings: Sequence[Stacking],
) -> str:  # fmt: skip
    """Write a model and return its version. The head's stacking comes first; the encoders are in the folder already."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        "words": linear.words.astype(np.float16), "mean": linear.mean, "most": linear.most, "bias": linear.bias,
        "center": head.center, "scale": head.scale, "first": head.first,
        "first_bias": head.first_bias, "second": head.second, "second_bias": head.second_bias,
    }  # fmt: skip
    for name, stacking in zip((HEAD, *ENCODERS), stackings, strict=False):
        arrays |= {
            f"{name}.mixing": stacking.weights, f"{name}.bias": stacking.bias, f"{name}.shift": stacking.shift,
            f"{name}.gate": stacking.gate, f"{name}.own": stacking.clause_points, f"{name}.little": stacking.little,
        }  # fmt: skip
        optional = {"bounds": stacking.bounds, "spanish_gate": stacking.spanish_gate}
        arrays |= {f"{name}.{part}": values for part, values in optional.items() if values is not None}
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / _FILES[0])
    description = {
        "format": FORMAT,
        "heads": linear.heads,
        "outputs": head.outputs,
        "features": head.features,
        **metadata,
    }
    (folder / _FILES[1]).write_text(json.dumps(description, indent=1) + "\n", "utf-8")
    (folder / _FILES[2]).write_text("\n".join(sorted(words)) + "\n", "utf-8")
    return version_of(folder)


def learned_sources(folder: Path) -> frozenset[str]:
    """The sources that a model learned from, if it lists them: corpus files and public sets."""
    return frozenset(_description(folder).get("learned", ()))


def outputs_of(folder: Path) -> tuple[str, ...]:
    """The outputs of a model's head and encoders, in order."""
    return tuple(_description(folder).get("outputs", ()))


def seed_of(folder: Path) -> int:
    """The seed of a model's training. It decides which messages the model has not seen."""
    return int(_description(folder).get("seed", 1))


def encoders_of(folder: Path) -> tuple[str, ...]:
    """The names of a model's encoders."""
    return tuple(name for name in ENCODERS if network_path(folder, name).exists())


def _description(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / _FILES[1]).read_text("utf-8"))
    return found


def version_of(folder: Path) -> str:
    """The version of a model: a hash of its files."""
    digest = hashlib.sha256()
    for name in _FILES:
        digest.update((folder / name).read_bytes())
    for name in encoders_of(folder):
        for path in (network_path(folder, name), tokenizer_path(folder, name)):
            if path.exists():
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def read_model(model: str = "") -> TrainedModel:
    """The model of a folder. Raises ModelError if it is missing, broken, or made for other program code."""
    folder = folder_of(model)
    try:
        description = json.loads((folder / _FILES[1]).read_text("utf-8"))
        arrays = map_arrays(folder / _FILES[0])
        words = frozenset((folder / _FILES[2]).read_text("utf-8").split())
        version = version_of(folder)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"{folder}: no readable model ({error}); name a folder that `chaperone train` wrote"
        ) from error
    heads, features = tuple(description.get("heads", ())), tuple(description.get("features", ()))
    if description.get("format") not in _READABLE or not _fits_lexicons(heads, features):
        raise ModelError(f"{folder}: made for other lexicons or another version of the classifiers; train it again")
    try:
        linear = LinearWeights(heads, arrays["words"], arrays["mean"], arrays["most"], arrays["bias"])
        head = HeadWeights(
            tuple(description["outputs"]), features, arrays["center"], arrays["scale"], arrays["first"],
            arrays["first_bias"], arrays["second"], arrays["second_bias"],
        )  # fmt: skip
        stacking = _stacking(HEAD, arrays)
        encoders = tuple(_encoder(folder, name, arrays) for name in ENCODERS if f"{name}.mixing" in arrays)
    except KeyError as error:
        raise ModelError(f"{folder}/{_FILES[0]}: {error} is missing; train the model again") from error
    if linear.mean.shape != (WIDTH, len(heads)) or head.first.shape[1] != len(features):
        raise ModelError(f"{folder}/{_FILES[0]}: does not fit model.json; train the model again")
    for encoder in encoders:
        if not encoder.network.exists():
            raise ModelError(f"{encoder.network} is missing; train the model again, or copy the file from its source")
    return TrainedModel(version, linear, head, stacking, words, encoders)


def _fits_lexicons(heads: tuple[str, ...], features: tuple[str, ...]) -> bool:
    """Whether the lexicons have every cue that a model was trained with. They may have more."""
    expected, linear, context = feature_names(heads), 2 * len(heads), -len(CONTEXT_FEATURES)
    same_frame = features[:linear] == expected[:linear] and features[context:] == expected[context:]
    return same_frame and set(features) <= set(expected)


def network_path(folder: Path, name: str) -> Path:
    """The file of an encoder's network."""
    return folder / f"{name}.onnx"


def tokenizer_path(folder: Path, name: str) -> Path:
    """The file of an encoder's own tokenizer."""
    return folder / f"{name}.json"


def _encoder(folder: Path, name: str, arrays: Mapping[str, Floats]) -> EncoderFiles:
    tokenizer = tokenizer_path(folder, name)
    return EncoderFiles(network_path(folder, name), tokenizer if tokenizer.exists() else None, _stacking(name, arrays))


def _stacking(name: str, arrays: Mapping[str, Floats]) -> Stacking:
    weights, bias, shift, gate, own = (arrays[f"{name}.{part}"] for part in ("mixing", "bias", "shift", "gate", "own"))
    little = arrays.get(f"{name}.little", np.zeros_like(bias))
    optional = (arrays.get(f"{name}.{part}") for part in ("bounds", "spanish_gate"))
    return Stacking(weights, bias, shift, gate, own, little, *optional)
