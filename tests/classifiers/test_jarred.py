"""The weights that the deep encoder starts from: an ONNX graph in an artifact of Maven."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from safetensors.numpy import load_file

onnx = pytest.importorskip("onnx", reason="training encoders is an extra")

from classifiers.training.jarred import ARTIFACT, jar, unjar  # noqa: E402 - after what it needs
from gateway.core.fault import Fault  # noqa: E402 - after what it needs

LINEAR = np.arange(6, dtype=np.float32).reshape(2, 3)


def jarred(path: Path) -> Path:
    """An artifact whose graph has one embedding, one bias, and one linear map without a name of its own."""
    from onnx import TensorProto, helper, numpy_helper

    query = "encoder.layer.0.attention.self.query"
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "onnx::MatMul_7"], ["y"], f"/{query.replace('.', '/', 1)}/MatMul")],
        "encoder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
        [
            numpy_helper.from_array(LINEAR, "onnx::MatMul_7"),
            numpy_helper.from_array(np.ones(3, np.float32), f"{query}.bias"),
            numpy_helper.from_array(np.ones((4, 2), np.float32), "embeddings.word_embeddings.weight"),
            numpy_helper.from_array(np.ones(1, np.float32), "Constant_3"),
        ],
    )
    with ZipFile(path, "w") as made:
        made.writestr("bge-small-en-v1.5.onnx", helper.make_model(graph).SerializeToString())
        made.writestr("bge-small-en-v1.5-tokenizer.json", json.dumps({"model": {"vocab": {"[CLS]": 0, "bus": 1}}}))
    return path


def test_weights_come_out_under_the_usual_names(tmp_path: Path) -> None:
    weights = tmp_path / "start.safetensors"
    assert unjar(jarred(tmp_path / "a.jar"), weights) == {"[CLS]": 0, "bus": 1}
    found = load_file(weights)
    query = "encoder.layer.0.attention.self.query"
    assert set(found) == {"embeddings.word_embeddings.weight", f"{query}.bias", f"{query}.weight"}
    assert np.array_equal(found[f"{query}.weight"], LINEAR.T)


def test_another_file_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="no encoder to start from"):
        unjar(tmp_path / "a.jar", tmp_path / "out")
    with ZipFile(tmp_path / "b.jar", "w") as made:
        made.writestr("other", "")
    with pytest.raises(ValueError, match=r"b\.jar has no encoder"):
        unjar(tmp_path / "b.jar", tmp_path / "out")


def test_what_was_not_fetched_is_said_with_how_to(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="mvn dependency:get"):
        jar(tmp_path)
    group, name, version = ARTIFACT.split(":")
    there = tmp_path.joinpath(*group.split("."), name, version, f"{name}-{version}.jar")
    there.parent.mkdir(parents=True)
    there.touch()
    assert jar(tmp_path) == there
