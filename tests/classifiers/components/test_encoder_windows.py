"""Texts are split into windows of whole sentences."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.components.encoder_windows import (
    MAX_PIECES,
    split_into_windows,
    windows_for_next_encoder,
)
from classifiers.features.annotations import TextAnnotations


def text_with(lengths: list[int]) -> TextAnnotations:
    """A text whose sentences have these numbers of word pieces, each two characters long."""
    starts = np.concatenate([[0], np.cumsum(lengths)])
    count = int(starts[-1])
    return TextAnnotations(
        text="x " * count,
        sentences=[(2 * int(a), 2 * int(b)) for a, b in pairwise(starts)],
        pieces=np.arange(count) % 1000,
        piece_starts=np.arange(count) * 2,
    )


def pieces_in(annotations: TextAnnotations, first: int, end: int) -> int:
    return (annotations.sentences[end - 1][1] - annotations.sentences[first][0]) // 2


@given(st.lists(st.integers(1, 200), max_size=40))
def test_every_sentence_is_in_one_window_of_bounded_length(lengths: list[int]) -> None:
    annotations = text_with(lengths)
    found = list(split_into_windows(annotations))
    assert [at for first, end in found for at in range(first, end)] == list(range(len(lengths)))
    for first, end in found:
        assert end - first == 1 or pieces_in(annotations, first, end) <= MAX_PIECES


def test_windows_are_as_long_as_allowed() -> None:
    assert list(split_into_windows(text_with([30, 30, 30, 30]))) == [(0, 2), (2, 4)]
    assert list(split_into_windows(text_with([20] * 10))) == [(at, at + 2) for at in range(0, 10, 2)]
    assert list(split_into_windows(text_with([10] * 7))) == [(0, 7)]


def test_a_text_without_words_has_no_windows() -> None:
    assert list(split_into_windows(TextAnnotations(text="  ", sentences=[]))) == []


def test_the_next_encoder_reads_the_strongest_windows_in_text_order() -> None:
    windows = [(0, 2), (2, 3), (3, 7), (7, 8)]
    logits = np.array([[0.0, 9.0], [3.0, -1.0], [-2.0, 9.0], [5.0, 0.0]], np.float32)
    assert windows_for_next_encoder(windows, logits, [0]) == [(2, 3), (7, 8)]
    assert windows_for_next_encoder(windows[:1], logits[:1], [0, 1]) == [(0, 2)]
