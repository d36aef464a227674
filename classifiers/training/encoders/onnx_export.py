"""Exports an encoder as an ONNX graph with 8-bit integer weights. Needs torch and onnx."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from classifiers.training.encoders.transformer import EncoderNetwork

OPSET_VERSION = 17  # of the ONNX operators


def export_onnx(network: EncoderNetwork, path: Path) -> None:
    """Write the encoder: pieces (1 x length) to logits (1 x heads)."""
    network = network.float().eval()
    with tempfile.TemporaryDirectory() as folder:
        full_precision = Path(folder) / "whole.onnx"
        torch.onnx.export(
            network,
            (torch.arange(16)[None],),
            str(full_precision),
            input_names=["pieces"],
            output_names=["logits"],
            dynamic_axes={"pieces": {1: "length"}},
            opset_version=OPSET_VERSION,
            dynamo=False,
        )
        quantize_dynamic(full_precision, path, per_channel=True, weight_type=QuantType.QInt8)
