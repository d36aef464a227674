"""Memory-maps the arrays of a safetensors file: unused parts stay on disk, and workers share the memory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from classifiers.features.annotations import Floats

_TYPES = {"F16": np.float16, "F32": np.float32}


def map_arrays(path: Path) -> dict[str, Floats]:
    """The arrays of a file by name. Raises ValueError for a broken file, OSError if it cannot be opened."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > size - 8:
            raise ValueError(f"{path.name} is cut off")
        header = json.loads(file.read(length))
    data = np.memmap(path, np.uint8, "r", offset=8 + length)
    out: dict[str, Floats] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        if end > len(data):
            raise ValueError(f"{path.name} is cut off")
        out[name] = np.asarray(data[start:end]).view(_TYPES[entry["dtype"]]).reshape(entry["shape"])
    return out
