"""Reads the start weights of the bilingual encoder: multilingual-e5-small (MIT), from a package with 4-bit weights.

Its vocabulary of 250,000 word pieces covers a hundred languages. Only the pieces that given texts use are kept.

The file is little-endian: `E5S1` and a version; the sizes; the vocabulary as offsets, scores and one run of UTF-8; a
character map that is not needed; a directory of tensors. A tensor is 32-bit floats, or blocks of 32 weights: a 16-bit
scale, then 16 bytes. Their low nibbles are the first 16 weights, their high nibbles the others, minus 8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from classifiers.features.annotations import Floats

BEGIN, END, UNKNOWN = 0, 2, 3
"""The ids of `<s>`, `</s>` and `<unk>`, the same before and after the cut."""
_SPECIAL = 4
_BLOCK = 32
_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


@dataclass(frozen=True, slots=True)
class _Sizes:
    width: int
    layers: int
    inner: int
    vocabulary: int
    positions: int
    token_types: int


class PackedWeights:
    """The packed file: sizes, vocabulary with scores, tensors by name. Raises ValueError for any other file."""

    def __init__(self, path: Path) -> None:
        self._data, self._at = path.read_bytes(), 8
        if self._data[:4] != b"E5S1":
            raise ValueError(f"{path.name} has no packed encoder")
        width, layers, _, inner, vocabulary, positions, token_types = self._take("7i")
        self.sizes = _Sizes(width, layers, inner, vocabulary, positions, token_types)
        self._take("fi")
        count = self._take("5i")[0]
        (length,) = self._take("Q")
        offsets = self._array("<u4", count + 1)
        self.scores = self._array("<f4", count).tolist()
        run = self._data[self._at : self._at + length]
        self._at += length
        self.pieces = [run[a:b].decode("utf-8", "replace") for a, b in pairwise(offsets)]
        _, skipped = self._take("iI")
        self._at += skipped
        self._directory: dict[str, tuple[int, int]] = {}
        for _ in range(self._take("i")[0]):
            (size,) = self._take("H")
            name = self._data[self._at : self._at + size].decode()
            self._at += size
            _, elements, offset, _ = self._take("BIQQ")
            self._directory[name] = elements, offset

    def floats(self, name: str, *shape: int) -> Floats:
        """A tensor of floats."""
        elements, offset = self._directory[name]
        return np.frombuffer(self._data, "<f4", elements, offset).reshape(shape or (elements,)).copy()

    def blocks(self, name: str, rows: int, columns: int) -> Floats:
        """A tensor of 4-bit weights."""
        count = rows * columns // _BLOCK
        raw = np.frombuffer(self._data, np.uint8, count * 18, self._directory[name][1]).reshape(count, 18)
        scale = raw[:, :2].copy().view("<f2").astype(np.float32)
        halves = np.concatenate([raw[:, 2:] & 15, raw[:, 2:] >> 4], axis=1).astype(np.float32) - 8
        return (halves * scale).reshape(rows, columns)

    def tokenizer(self, kept: Sequence[int] | None = None) -> Tokenizer:
        """A tokenizer with the kept pieces."""
        numbers = range(len(self.pieces)) if kept is None else kept
        made = Tokenizer(models.Unigram([(self.pieces[at], self.scores[at]) for at in numbers], UNKNOWN, False))
        made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
        made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")
        return made

    def _take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + form, self._data, self._at)
        self._at += struct.calcsize("<" + form)
        return values

    def _array(self, dtype: str, count: int) -> Floats:
        self._at += 4 * count
        return np.frombuffer(self._data, dtype, count, self._at - 4 * count)


def unpack_weights(source: Path, weights: Path, tokenizer: Path, texts: Iterable[str]) -> int:
    """Write weights (safetensors, named like BERT's) and tokenizer. Returns the number of pieces kept for the texts."""
    packed = PackedWeights(source)
    sizes = packed.sizes
    used = {at for at, piece in enumerate(packed.pieces) if len(piece.replace("\u2581", "")) <= 1}
    for cut in packed.tokenizer().encode_batch(list(texts), add_special_tokens=False):
        used.update(cut.ids)
    kept = [*range(_SPECIAL), *sorted(at for at in used if at >= _SPECIAL)]
    packed.tokenizer(kept).save(str(tokenizer), pretty=False)
    tensors = {
        "embeddings.word_embeddings.weight": packed.blocks("emb.word", sizes.vocabulary, sizes.width)[kept],
        "embeddings.position_embeddings.weight": packed.floats("emb.pos", sizes.positions, sizes.width),
        "embeddings.token_type_embeddings.weight": packed.floats("emb.type", sizes.token_types, sizes.width),
        "embeddings.LayerNorm.weight": packed.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": packed.floats("emb.ln.b"),
    }
    shapes = {"fi": (sizes.inner, sizes.width), "fo": (sizes.width, sizes.inner)}
    for layer in range(sizes.layers):
        for short, name in _PARTS.items():
            shape = shapes.get(short, (sizes.width, sizes.width))
            tensors[f"encoder.layer.{layer}.{name}.weight"] = packed.blocks(f"l{layer}.{short}.w", *shape)
            tensors[f"encoder.layer.{layer}.{name}.bias"] = packed.floats(f"l{layer}.{short}.b")
        for short, name in _NORMS.items():
            tensors[f"encoder.layer.{layer}.{name}.weight"] = packed.floats(f"l{layer}.{short}.w")
            tensors[f"encoder.layer.{layer}.{name}.bias"] = packed.floats(f"l{layer}.{short}.b")
    save_file(tensors, weights)
    return len(kept)
