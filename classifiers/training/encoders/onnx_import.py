"""Opens a shipped encoder for further training: integer weights back to floats. Needs torch and onnx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from classifiers.features.annotations import Floats
from classifiers.training.encoders.transformer import EncoderNetwork

_QUANTIZED, _SCALE, _ZERO = "_quantized", "_scale", "_zero_point"


def import_onnx(path: Path) -> EncoderNetwork:
    """The encoder of a file that `export_onnx` wrote, with weights accurate to one quantization step.

    Raises ValueError for any other file.
    """
    graph = onnx.load(str(path)).graph
    stored = {initializer.name: numpy_helper.to_array(initializer) for initializer in graph.initializer}
    weights = {name: array for name, array in stored.items() if not name.endswith((_QUANTIZED, _SCALE, _ZERO))}
    weights |= dict(_linear_weights(graph, stored))
    weights |= {
        name.removesuffix(_QUANTIZED): _dequantize(stored, name)
        for name in stored
        if name.endswith(f".weight{_QUANTIZED}")
    }
    try:
        layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("layers."))
        table, places, heads = weights["table.weight"], weights["places.weight"], weights["heads.bias"]
        network = EncoderNetwork(len(table), len(heads), len(places), layers)
        network.load_state_dict({name: torch.from_numpy(weights[name].copy()) for name in network.state_dict()})
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path.name} has no encoder that can be taken further ({error})") from error
    return network


def _linear_weights(graph: onnx.GraphProto, stored: dict[str, Floats]) -> Iterator[tuple[str, Floats]]:
    """The weights of linear layers. The export drops their names; they are found by the bias added after them."""
    producer = {name: node for node in graph.node for name in node.output}
    for node in graph.node:
        biases = [name for name in node.input if name in stored and name.endswith(".bias")]
        if node.op_type != "Add" or not biases:
            continue
        at = next(name for name in node.input if name not in biases)
        while at in producer and producer[at].op_type in ("Mul", "Cast"):
            at = next(
                name
                for name in producer[at].input
                if name in producer and producer[name].op_type in ("Cast", "MatMulInteger")
            )
        if at in producer and producer[at].op_type == "MatMulInteger":
            yield biases[0].replace(".bias", ".weight"), _dequantize(stored, producer[at].input[1]).T


def _dequantize(stored: dict[str, Floats], name: str) -> Floats:
    """Dequantize an array, per column if it has a scale for each."""
    base = name.removesuffix(_QUANTIZED)
    quantized, zero = stored[name].astype(np.float32), stored[f"{base}{_ZERO}"].astype(np.float32)
    out: Floats = ((quantized - zero) * stored[f"{base}{_SCALE}"]).astype(np.float32)
    return out
