"""Windows: the runs of whole sentences that encoders read.

Their number is bounded, so a long newsletter costs little and no sentence is cut in the middle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from classifiers.features.annotations import Floats, TextAnnotations

MAX_PIECES = 77
"""Word pieces of a window. A longer sentence is a window of its own, and is read up to this length."""

MAX_PIECES_IN_LONG_TEXT = 40
"""Word pieces of a window in a text that fills more than two: long texts have many topics."""

MAX_WINDOWS = 5
"""Windows of a text that are read: those with the highest logits of the linear model."""

NEXT_ENCODER_WINDOWS = 2
"""Windows that the second encoder reads: those with the highest logits of the first one."""


def select_windows(annotations: TextAnnotations) -> list[tuple[int, int]]:
    """The windows that are read, in text order."""
    return sorted(
        sorted(split_into_windows(annotations), key=lambda window: -_priority(annotations, window))[:MAX_WINDOWS]
    )


def windows_for_next_encoder(
    windows: Sequence[tuple[int, int]], logits: Floats, columns: Sequence[int]
) -> list[tuple[int, int]]:
    """The windows that the next encoder reads, from the logits of the one before it."""
    highest = logits[:, columns].max(axis=1)
    return [windows[int(at)] for at in sorted(np.argsort(-highest, kind="stable")[:NEXT_ENCODER_WINDOWS])]


def split_into_windows(annotations: TextAnnotations) -> Iterator[tuple[int, int]]:
    """Yield all sentences of a text in windows: (first sentence, sentence after the last)."""
    piece_at = np.searchsorted(annotations.piece_starts, [start for start, _ in annotations.sentences])
    piece_at = np.append(piece_at, len(annotations.pieces))
    max_pieces = MAX_PIECES_IN_LONG_TEXT if is_long(annotations) else MAX_PIECES
    first = 0
    for at in range(1, len(annotations.sentences) + 1):
        if at == len(annotations.sentences) or piece_at[at + 1] - piece_at[first] > max_pieces:
            if piece_at[at] > piece_at[first]:
                yield first, at
            first = at


def is_long(annotations: TextAnnotations) -> bool:
    """Whether a text fills more than two windows."""
    return len(annotations.pieces) > 2 * MAX_PIECES


def character_range(annotations: TextAnnotations, window: tuple[int, int]) -> tuple[int, int]:
    """Start and end of a window in the text."""
    first, stop = window
    end = annotations.sentences[stop][0] if stop < len(annotations.sentences) else len(annotations.text)
    return annotations.sentences[first][0], end


def _priority(annotations: TextAnnotations, window: tuple[int, int]) -> float:
    """The highest logit among the windows of the linear model that overlap a window."""
    first, end = window
    overlapping = [
        float(other.logits.max()) for other in annotations.windows if other.first < end and other.last >= first
    ]
    return max(overlapping, default=0.0)
