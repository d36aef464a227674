"""Static word-piece vectors: the topic of a sentence by table look-up (see model/STATIC256.md)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from classifiers.features.annotations import Floats, Numbers
from classifiers.features.mmap import map_arrays, single_precision_rows
from classifiers.features.ngrams import owners, sum_by_sentence

WIDTH = 256

_WORD = re.compile(r"[^\0-/:-@\[-`{-\x7f]+|[!-/:-@\[-`{-~]")
"""A run without blanks and ASCII punctuation, or one punctuation mark. The tokenizer cuts each of them by itself."""
_NOT_BY_WORDS = re.compile(r"[^\t\n\r -~\u00a1-\u00ac\u00ae-\u024f]|\[(?:PAD|UNK)\]")
"""Characters that the tokenizer may drop or join to others, and its special pieces. Most texts have none."""
_MAX_WORDS, _MAX_WORD_LENGTH = 20_000, 32
"""Words whose pieces are kept, and their characters, at most: a few megabytes."""


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
        self._known: dict[str, tuple[list[int], list[int]]] = {}

    def pieces(self, text: str) -> tuple[Numbers, Numbers]:
        """The ids of a text's word pieces, and the offset at which each begins.

        The pieces of common words are kept: to look them up is four times as fast as to cut the text again.
        """
        if _NOT_BY_WORDS.search(text):
            ids, starts = self._encode(text)
            return np.array(ids, np.int64), np.array(starts, np.int64)
        ids, starts = [], []
        known = self._known
        for found in _WORD.finditer(text):
            word, at = found[0], found.start()
            pieces = known.get(word) or self._pieces_of_word(word)
            ids += pieces[0]
            if len(pieces[0]) == 1:
                starts.append(at)
            else:
                starts += [at + start for start in pieces[1]]
        return np.array(ids, np.int64), np.array(starts, np.int64)

    def _pieces_of_word(self, word: str) -> tuple[list[int], list[int]]:
        pieces = self._encode(word)
        if len(word) <= _MAX_WORD_LENGTH:
            if len(self._known) >= _MAX_WORDS:
                self._known.clear()
            self._known[word] = pieces
        return pieces

    def _encode(self, text: str) -> tuple[list[int], list[int]]:
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        return encoded.ids, [start for start, _ in encoded.offsets]

    def sums(self, pieces: Numbers, offsets: Numbers, starts: Numbers) -> Floats:
        """The sum of the vectors of each sentence's pieces. `starts` are the starts of the sentences."""
        if not len(pieces):
            return np.zeros((len(starts), WIDTH), np.float32)
        return sum_by_sentence(single_precision_rows(self.table, pieces), owners(starts, offsets), len(starts))
