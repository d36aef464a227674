"""Static word-piece vectors: what a sentence is about, in a table look-up (see model/STATIC256.md)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from classifiers.evidence import Floats

WIDTH = 256


class Vectors:
    """The vectors with their tokenizer, as loaded from a model's folder."""

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
        self._table = load_file(folder / "static256.safetensors")["embeddings"]

    def sums(self, text: str, starts: Floats) -> tuple[Floats, Floats]:
        """For each sentence (by the offsets of their starts) the sum of its pieces' vectors, and their number."""
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        if not encoded.ids:
            return np.zeros((len(starts), WIDTH), np.float32), np.zeros(len(starts), np.float32)
        offsets = np.fromiter((start for start, _ in encoded.offsets), np.int64, len(encoded.ids))
        vectors = self._table[encoded.ids].astype(np.float32)
        owner = np.clip(np.searchsorted(starts, offsets, side="right") - 1, 0, None)
        sums = np.zeros((len(starts), WIDTH), np.float32)
        np.add.at(sums, owner, vectors) if len(starts) > 1 else sums.__setitem__(0, vectors.sum(axis=0))
        return sums, np.bincount(owner, minlength=len(starts)).astype(np.float32)
