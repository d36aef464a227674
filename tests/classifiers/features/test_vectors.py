import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from classifiers.features.mmap import single_precision_rows
from classifiers.features.vectors import StaticVectors
from classifiers.pipeline import model_files

LETTERS = "aZbé9 \n\t.,'_-[]ñÜßıſ中😀\u0301\u00a0\u200d\x01"


@pytest.fixture(scope="module")
def vectors() -> StaticVectors:
    return StaticVectors(model_files.SHIPPED)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    shipped = Tokenizer.from_file(str(Path(model_files.SHIPPED) / "tokenizer.json"))
    shipped.no_padding()
    shipped.no_truncation()
    return shipped


def texts() -> list[str]:
    seed = random.randrange(1000)
    print("seed", seed)
    source = random.Random(seed)
    return ["".join(source.choices(LETTERS, k=source.randrange(40))) for _ in range(2000)]


def test_the_pieces_of_words_are_those_of_the_whole_text(vectors: StaticVectors, tokenizer: Tokenizer) -> None:
    for text in ("", "[UNK] and [PAD]", "Don't be late, José! " * 50, *texts()):
        encoded = tokenizer.encode(text, add_special_tokens=False)
        ids, starts = vectors.pieces(text)
        assert (ids.tolist(), starts.tolist()) == (encoded.ids, [start for start, _ in encoded.offsets]), repr(text)


def test_numbers_of_half_precision_are_converted_exactly() -> None:
    numbers = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    table: Any = numbers[np.isfinite(numbers)][:, None]
    assert np.array_equal(single_precision_rows(table, np.arange(len(table))), table.astype(np.float32))
