"""The encoders in the pipeline: what they read of a text."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from classifiers.components.encoder import OnnxEncoder, OwnPieces, SharedPieces, SpecialPieces, strongest_sentence
from classifiers.components.encoder_windows import (
    MAX_WINDOWS,
    select_windows,
)
from classifiers.features.annotations import TextAnnotations
from classifiers.pipeline import model_files
from classifiers.training.fitting.linear_and_head import HEADS


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


def test_special_pieces_wrap_the_text() -> None:
    marks = SpecialPieces.after(100)
    assert marks.wrap(np.array([5, 6]), True).tolist() == [100, 102, 5, 6, 101]
    assert marks.wrap(np.array([5, 6]), False).tolist() == [100, 103, 5, 6, 101]


def shipped() -> list[OnnxEncoder]:
    model = model_files.read_model()
    tokenizers = [OwnPieces(each.tokenizer) if each.tokenizer else SharedPieces(29_525) for each in model.encoders]
    return [OnnxEncoder(each.network, cut) for each, cut in zip(model.encoders, tokenizers, strict=True)]


def test_the_shipped_encoders_read_a_bounded_number_of_windows() -> None:
    annotations = text_with([30] * 40)
    annotations.encoder_windows = select_windows(annotations)
    assert len(annotations.encoder_windows) == MAX_WINDOWS
    encoders = shipped()
    assert encoders
    for encoder in encoders:
        annotations.encoder_logits.append(encoder.logits(annotations, annotations.encoder_windows))
        assert annotations.encoder_logits[-1].shape == (MAX_WINDOWS, len(HEADS))
        assert np.isfinite(annotations.encoder_logits[-1]).all()
    assert strongest_sentence(encoders[0], annotations, 0) in annotations.sentences


def test_a_very_long_sentence_is_cut_at_the_encoder_limit() -> None:
    annotations = text_with([5000])
    for encoder in shipped():
        assert encoder.logits(annotations, [(0, 1)]).shape == (1, len(HEADS))
