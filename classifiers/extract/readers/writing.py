"""Whether a small picture may show writing: rows or columns in which light and dark change as often as letters do.

It only decides whether a small picture, such as a logo, needs to be reported. It is made to find too much: a photo, and
a logo with a name in it, count as writing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_PIXELS = 250_000
"""A larger picture is not looked at: it always counts as one that may show words."""
_AMPLITUDE = 24
"""Levels (of 255) by which the ink of a letter differs from its ground, at least."""
_CHANGES = 8
"""Changes in one row from which it may cross letters: about three of them."""
_STRIP = 40
_BAND = 4
"""Rows in a row that letters take."""
_BUSY = 0.75
"""Of the rows with ink, and of the columns, the share that has `_CHANGES` in a code of squares, such as a QR code."""


def may_show_writing(picture: Any) -> bool:
    """Whether a picture (of Pillow) may show writing, on white or on black where it is transparent."""
    if picture.size[0] * picture.size[1] > MAX_PIXELS:
        return True
    return any(_has_band(levels) or _has_band(levels.transpose(1, 0, 2)) for levels in _grounds(picture))


def letters_at_most(picture: Any) -> int:
    """About how many letters a small picture (of Pillow) may show: every two changes in a row may be a letter.

    Rows without a gap between them are one line, of which the row with the most changes counts.
    """
    return max(max(_letters(levels), _letters(levels.transpose(1, 0, 2))) for levels in _grounds(picture))


def _letters(levels: NDArray[np.int16]) -> int:
    if levels.shape[1] < 2:
        return 0
    rows: list[int] = _changes(levels).max(axis=1).tolist()
    total = line = 0
    for changes in [*rows, 0]:
        if changes > 1:
            line = max(line, changes)
        else:
            total, line = total + line // 2, 0
    return total


def may_be_code(picture: Any) -> bool:
    """Whether a small picture (of Pillow) may be a code of squares: almost all rows and columns change often."""
    return any(_is_busy(levels) and _is_busy(levels.transpose(1, 0, 2)) for levels in _grounds(picture))


def _is_busy(levels: NDArray[np.int16]) -> bool:
    if levels.shape[1] < 2:
        return False
    changes = _changes(levels).max(axis=1)
    inked = changes[changes > 1]
    return len(inked) > 0 and float((inked >= _CHANGES).mean()) >= _BUSY


def _grounds(picture: Any) -> list[NDArray[np.int16]]:
    plain = np.asarray(picture.convert("RGBA"), dtype=np.int16)
    color, alpha = plain[:, :, :3], plain[:, :, 3:]
    if int(alpha.min()) == 255:
        return [color]
    return [((color * alpha + ground * (255 - alpha).astype(np.int32)) // 255).astype(np.int16) for ground in (255, 0)]


def _has_band(levels: NDArray[np.int16]) -> bool:
    """Whether enough neighboring rows have enough changes, in any color channel."""
    if levels.shape[1] < _CHANGES:
        return False
    for top in range(0, len(levels), _STRIP):  # most pictures with writing are recognized by one strip
        if _has_run(_least_changes(levels[top : top + _STRIP, :, 1])):
            return True
    return _has_run(_most_changes(levels)) and _has_run(_changes(levels))


def _has_run(changes: NDArray[np.int32]) -> bool:
    """Whether enough rows in a row have enough changes."""
    busy: list[bool] = np.any(changes >= _CHANGES, axis=1).tolist()
    run = 0
    for is_busy in busy:
        run = run + 1 if is_busy else 0
        if run >= _BAND:
            return True
    return False


def _most_changes(levels: NDArray[np.int16]) -> NDArray[np.int32]:
    """An upper bound of `_changes`: each change needs steps that add up to the amplitude."""
    steps = np.abs(np.diff(levels, axis=1))
    bound: NDArray[np.int32] = steps.sum(axis=1, dtype=np.int32) // _AMPLITUDE
    return bound


def _least_changes(channel: NDArray[np.int16]) -> NDArray[np.int32]:
    """A lower bound of `_changes` in one channel: large steps that alternate in direction."""
    steps = np.diff(channel, axis=1)
    row, column = np.nonzero(np.abs(steps) >= _AMPLITUDE)
    rises = steps[row, column] > 0
    alternates = (rises[1:] != rises[:-1]) & (row[1:] == row[:-1])
    count = np.bincount(row[1:][alternates], minlength=len(channel)).astype(np.int32)
    return count[:, np.newaxis]


def _changes(levels: NDArray[np.int16]) -> NDArray[np.int32]:
    """How often each row rises or falls by the amplitude, by channel."""
    high = levels[:, 0].copy()
    low = high.copy()
    rising = np.zeros(high.shape, dtype=np.int8)
    count = np.zeros(high.shape, dtype=np.int32)
    for column in range(1, levels.shape[1]):
        value = levels[:, column]
        np.maximum(high, value, out=high)
        np.minimum(low, value, out=low)
        falls = (rising >= 0) & (high - value >= _AMPLITUDE)
        rises = (rising <= 0) & (value - low >= _AMPLITUDE) & ~falls
        count += falls
        count += rises
        rising[falls], rising[rises] = -1, 1
        low[falls], high[rises] = value[falls], value[rises]
    return count
