"""Memory-maps the arrays of a safetensors file: unused parts stay on disk, and workers share the memory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from classifiers.features.annotations import Floats, Numbers

_SIGN_AND_NUMBER = np.int32(-0x70002000)
"""The bits of a number in half precision within one in single precision."""
_EXPONENTS_APART = np.float32(2.0**112)
"""The difference between the biases of the exponents, 127 and 15."""

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


def single_precision_rows(table: Floats, rows: Numbers) -> Floats:
    """Rows of a table in single precision.

    Half precision is converted by its bits: fraction and exponent move into place, and a power of two corrects the
    exponent, which is exact for every finite number. Numpy's own conversion takes three times as long, and its indexing
    of narrow rows ten times as long as `take`.
    """
    found = table.take(rows, axis=0)
    if found.dtype != np.float16:
        return found.astype(np.float32)
    bits = found.view(np.int16).astype(np.int32)
    bits <<= 16
    bits >>= 3
    bits &= _SIGN_AND_NUMBER
    out: Floats = bits.view(np.float32)
    out *= _EXPONENTS_APART
    return out
