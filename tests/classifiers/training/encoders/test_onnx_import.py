"""An exported encoder can be imported with weights accurate to one quantization step."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training encoders is an extra")
pytest.importorskip("onnx", reason="training encoders is an extra")

from classifiers.training.encoders.onnx_export import export_onnx  # noqa: E402 - needs the imports above
from classifiers.training.encoders.onnx_import import import_onnx  # noqa: E402 - needs the imports above
from classifiers.training.encoders.transformer import EncoderNetwork  # noqa: E402 - needs the imports above


@pytest.mark.filterwarnings("ignore::Warning")  # the exporter warns
def test_an_exported_encoder_can_be_imported(tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = EncoderNetwork(pieces=60, heads=5, positions=24, layers=2).eval()
    for parameter in network.parameters():  # as after fitting: equal parameters would be stored once
        torch.nn.init.normal_(parameter, 0.02, 0.02)
    export_onnx(network, tmp_path / "made.onnx")
    imported = import_onnx(tmp_path / "made.onnx").eval()
    for (name, original), restored in zip(network.state_dict().items(), imported.state_dict().values(), strict=True):
        step = float(original.abs().max()) / 100  # the quantization step of a column is 1/127 of its largest weight
        assert float((original - restored).abs().max()) <= step, name
    pieces = torch.arange(16)[None]
    assert float((network(pieces) - imported(pieces)).abs().max()) < 0.05


def test_other_files_are_rejected(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    empty = helper.make_graph([], "empty", [], [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])])
    onnx.save(helper.make_model(empty), str(tmp_path / "empty.onnx"))
    with pytest.raises(ValueError, match="no encoder"):
        import_onnx(tmp_path / "empty.onnx")
