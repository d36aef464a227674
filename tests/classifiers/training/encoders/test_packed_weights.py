"""The packed weights that the bilingual encoder starts from: 4-bit weights and a reduced vocabulary."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from classifiers.training.encoders.packed_weights import unpack_weights

WIDTH, INNER, POSITIONS = 32, 64, 4
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "\u2581bus", "\u2581late", "\u2581tarde", "\u2581", "b", "u", "s"]
BLOCK = bytes([0, 60]) + bytes([0x18] * 16)
"""32 weights: scale 1.0, the first 16 are 8 - 8, the others 1 - 8."""


def write_packed_file(path: Path) -> Path:
    """A file of one layer. Every packed weight is 0 or -7, every float is its own index."""
    tensors: dict[str, tuple[int, bytes]] = {}

    def floats(name: str, count: int) -> None:
        tensors[name] = count, np.arange(count, dtype="<f4").tobytes()

    def blocks(name: str, rows: int, columns: int) -> None:
        tensors[name] = rows * columns, BLOCK * (rows * columns // 32)

    blocks("emb.word", len(PIECES), WIDTH)
    floats("emb.pos", POSITIONS * WIDTH)
    floats("emb.type", 2 * WIDTH)
    for name in ("emb.ln.w", "emb.ln.b", "l0.aln.w", "l0.aln.b", "l0.oln.w", "l0.oln.b"):
        floats(name, WIDTH)
    for name in ("q", "k", "v", "ao"):
        blocks(f"l0.{name}.w", WIDTH, WIDTH)
        floats(f"l0.{name}.b", WIDTH)
    blocks("l0.fi.w", INNER, WIDTH)
    blocks("l0.fo.w", WIDTH, INNER)
    floats("l0.fi.b", INNER)
    floats("l0.fo.b", WIDTH)
    words = [piece.encode() for piece in PIECES]
    offsets = np.concatenate([[0], np.cumsum([len(word) for word in words])]).astype("<u4")
    head = b"E5S1" + struct.pack("<I7ifi", 1, WIDTH, 1, 2, INNER, len(PIECES), POSITIONS, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(offsets[-1])) + offsets.tobytes()
    head += np.linspace(-1, -9, len(PIECES), dtype="<f4").tobytes() + b"".join(words) + struct.pack("<iI", 0, 0)
    size = len(head) + 4 + sum(2 + len(name) + 21 for name in tensors)
    directory, data = struct.pack("<i", len(tensors)), b""
    for name, (count, raw) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", 0, count, size + len(data), len(raw))
        data += raw
    path.write_bytes(head + directory + data)
    return path


def test_weights_are_unpacked_for_the_used_pieces(tmp_path: Path) -> None:
    weights, tokenizer = tmp_path / "start.safetensors", tmp_path / "tokenizer.json"
    kept = unpack_weights(write_packed_file(tmp_path / "packed.bin"), weights, tokenizer, ["bus late"])
    assert kept == len(PIECES) - 1  # all but "tarde": pieces of one character are always kept
    made = load_file(weights)
    assert made["embeddings.word_embeddings.weight"].shape == (kept, WIDTH)
    assert made["embeddings.position_embeddings.weight"][1, 0] == WIDTH
    first = made["encoder.layer.0.intermediate.dense.weight"]
    assert first.shape == (INNER, WIDTH)
    assert first[0].tolist() == [0.0] * 16 + [-7.0] * 16
    assert made["encoder.layer.0.output.LayerNorm.bias"].tolist() == list(range(WIDTH))
    encoding = Tokenizer.from_file(str(tokenizer)).encode("bus late", add_special_tokens=False)
    assert encoding.tokens == ["\u2581bus", "\u2581late"]
    assert encoding.offsets == [(0, 3), (3, 8)]


def test_other_files_are_rejected(tmp_path: Path) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"other\.bin has no packed encoder"):
        unpack_weights(other, tmp_path / "a", tmp_path / "b", [])
