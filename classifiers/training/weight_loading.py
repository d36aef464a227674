"""An encoder as it was shipped, opened again to be taken further: whole numbers as floats. Needs torch and onnx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from classifiers.features.annotations import Floats
from classifiers.training.transformer import Encoder

_WHOLE, _SCALE, _ZERO = "_quantized", "_scale", "_zero_point"


def reopened(path: Path) -> Encoder:
    """The encoder of a file that `export` wrote, its weights to within a step of the whole numbers they were kept in.

    Raises ValueError for a file of another kind.
    """
    graph = onnx.load(str(path)).graph
    stored = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    found = {name: array for name, array in stored.items() if not name.endswith((_WHOLE, _SCALE, _ZERO))}
    found |= dict(_linear(graph, stored))
    found |= {name.removesuffix(_WHOLE): _floats(stored, name) for name in stored if name.endswith(f".weight{_WHOLE}")}
    try:
        layers = 1 + max(int(name.split(".")[1]) for name in found if name.startswith("layers."))
        table, places, heads = found["table.weight"], found["places.weight"], found["heads.bias"]
        made = Encoder(len(table), len(heads), len(places), layers)
        made.load_state_dict({name: torch.from_numpy(found[name].copy()) for name in made.state_dict()})
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path.name} has no encoder that can be taken further ({error})") from error
    return made


def _linear(graph: onnx.GraphProto, stored: dict[str, Floats]) -> Iterator[tuple[str, Floats]]:
    """The weights of linear maps, which lost their names: found upstream of where their bias is added."""
    maker = {name: node for node in graph.node for name in node.output}
    for node in graph.node:
        biases = [name for name in node.input if name in stored and name.endswith(".bias")]
        if node.op_type != "Add" or not biases:
            continue
        at = next(name for name in node.input if name not in biases)
        while at in maker and maker[at].op_type in ("Mul", "Cast"):
            at = next(
                name for name in maker[at].input if name in maker and maker[name].op_type in ("Cast", "MatMulInteger")
            )
        if at in maker and maker[at].op_type == "MatMulInteger":
            yield biases[0].replace(".bias", ".weight"), _floats(stored, maker[at].input[1]).T


def _floats(stored: dict[str, Floats], name: str) -> Floats:
    """An array as floats: per column where there is a scale for each."""
    base = name.removesuffix(_WHOLE)
    whole, zero = stored[name].astype(np.float32), stored[f"{base}{_ZERO}"].astype(np.float32)
    out: Floats = ((whole - zero) * stored[f"{base}{_SCALE}"]).astype(np.float32)
    return out
