"""The encoder as it is shipped: an ONNX graph with whole-number weights, about a byte each. Needs torch and onnx."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from classifiers.training.transformer import Encoder

VERSION = 17  # of the ONNX operators


def export(network: Encoder, to: Path) -> None:
    """Write the encoder: pieces (1 x length) to logits (1 x heads)."""
    network = network.float().eval()
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            network,
            (torch.arange(16)[None],),
            str(whole),
            input_names=["pieces"],
            output_names=["logits"],
            dynamic_axes={"pieces": {1: "length"}},
            opset_version=VERSION,
            dynamo=False,
        )
        quantize_dynamic(whole, to, per_channel=True, weight_type=QuantType.QInt8)
