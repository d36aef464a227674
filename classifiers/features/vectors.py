"""Static word-piece vectors: the topic of a sentence by table look-up (see model/STATIC256.md)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from classifiers.features.annotations import Floats, Numbers
from classifiers.features.mmap import map_arrays

WIDTH = 256


class StaticVectors:
    """The vectors and their tokenizer, from a model's folder."""

    def __init__(self, folder: Path) -> None:
        text = (folder / "tokenizer.json").read_text("utf-8")
        self._tokenizer = Tokenizer.from_str(text)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.words = frozenset(
            piece
            for piece in json.loads(text)["model"]["vocab"]
            if len(piece) > 2 and piece.isalpha() and piece.isascii()
        )
        self.table = map_arrays(folder / "static256.safetensors")["embeddings"]

    def pieces(self, text: str) -> tuple[Numbers, Numbers]:
        """The ids of a text's word pieces, and the offset at which each begins."""
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        count = len(encoded.ids)
        return (
            np.fromiter(encoded.ids, np.int64, count),
            np.fromiter((start for start, _ in encoded.offsets), np.int64, count),
        )

    def sums(self, pieces: Numbers, offsets: Numbers, starts: Numbers) -> Floats:
        """The sum of the vectors of each sentence's pieces. `starts` are the starts of the sentences."""
        sums = np.zeros((len(starts), WIDTH), np.float32)
        if len(pieces):
            vectors = self.table[pieces].astype(np.float32)
            owner = np.clip(np.searchsorted(starts, offsets, side="right") - 1, 0, None)
            cuts = np.flatnonzero(np.diff(owner, prepend=-1))
            np.add.at(sums, owner[cuts], np.add.reduceat(vectors, cuts, axis=0))
        return sums
