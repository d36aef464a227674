"""Training encoders further: which texts they read, and the mean of two encoders."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training encoders is an extra")
pytest.importorskip("onnx", reason="training encoders is an extra")

from classifiers.training.encoders.training import CONTINUED, average_weights  # noqa: E402 - needs the imports above
from classifiers.training.encoders.transformer import EncoderNetwork  # noqa: E402 - needs the imports above


def test_average_is_halfway() -> None:
    torch.manual_seed(3)
    ours, theirs = (EncoderNetwork(pieces=20, heads=3, positions=8, layers=1) for _ in range(2))
    before = {name: weights.clone() for name, weights in ours.state_dict().items()}
    average_weights(ours, theirs)
    for name, weights in ours.state_dict().items():
        assert torch.allclose(weights, (before[name] + theirs.state_dict()[name]) / 2), name


def test_every_encoder_can_be_trained_further() -> None:
    assert all(how.epochs >= 1 and how.known_every >= 1 and how.ordinary_every >= 1 for how in CONTINUED.values())
