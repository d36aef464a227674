"""What was shipped as whole numbers comes back as the weights it was made of, to within a step of those numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training encoders is an extra")
pytest.importorskip("onnx", reason="training encoders is an extra")

from classifiers.training.encoders.onnx_export import export_onnx  # noqa: E402 - behind what it needs
from classifiers.training.encoders.onnx_import import import_onnx  # noqa: E402 - behind what it needs
from classifiers.training.encoders.transformer import EncoderNetwork  # noqa: E402 - behind what it needs


@pytest.mark.filterwarnings("ignore::Warning")  # the exporter's own
def test_an_encoder_comes_back(tmp_path: Path) -> None:
    torch.manual_seed(3)
    made = EncoderNetwork(pieces=60, heads=5, positions=24, layers=2).eval()
    for each in made.parameters():  # as after fitting: no two alike, which the exporter would keep once
        torch.nn.init.normal_(each, 0.02, 0.02)
    export_onnx(made, tmp_path / "made.onnx")
    again = import_onnx(tmp_path / "made.onnx").eval()
    for (name, mine), theirs in zip(made.state_dict().items(), again.state_dict().values(), strict=True):
        step = float(mine.abs().max()) / 100  # a column's step is a 127th of its largest weight
        assert float((mine - theirs).abs().max()) <= step, name
    pieces = torch.arange(16)[None]
    assert float((made(pieces) - again(pieces)).abs().max()) < 0.05


def test_another_file_is_refused(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    empty = helper.make_graph([], "empty", [], [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])])
    onnx.save(helper.make_model(empty), str(tmp_path / "empty.onnx"))
    with pytest.raises(ValueError, match="no encoder"):
        import_onnx(tmp_path / "empty.onnx")
