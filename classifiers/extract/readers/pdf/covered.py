"""Texts of a PDF that lie over each other: those without which the page looks the same are not seen.

A letter that is drawn in the place of another one cannot be told from it on the drawn page. So the page is drawn again
without some of these texts.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt

_MIN_OVER, _SHARE_OVER = 8, 0.08
"""Letters over others from which a page is drawn again, and the share of the narrower one that they have in common."""
_MAX_GROUPS = 6
"""Times that the page is drawn again."""
_MAX_TEXTS = 4_000
_CHANGE = 8
"""Levels (of 255) by which a pixel differs that a text draws."""

_INSIDE = 0.25
"""Share of a letter's width that is left out at both sides, where others may change."""

_Numbers = npt.NDArray[np.float64]


def letters_over_others(boxes: _Numbers, codes: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs of different letters of which one lies over the other. Boxes have left, top, right and bottom."""
    written = np.nonzero((codes > 0x20) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))[0]
    if not len(written):
        return []
    left, top, right, bottom = boxes[written].T
    height = max(float(np.median(bottom - top)), 1.0)
    pairs: set[tuple[int, int]] = set()
    for shift in (0.0, 0.5):  # letters of one line may fall into two of its rows
        order = np.lexsort((left, np.round((bottom + top) / (3 * height) + shift)))
        for step in (1, 2, 3):
            first, second = order[:-step], order[step:]
            common = np.minimum(right[first], right[second]) - np.maximum(left[first], left[second])
            high = np.minimum(bottom[first], bottom[second]) - np.maximum(top[first], top[second])
            narrow = np.minimum(right[first] - left[first], right[second] - left[second])
            low = np.minimum(bottom[first] - top[first], bottom[second] - top[second])
            is_over = (common > _SHARE_OVER * narrow) & (high > _SHARE_OVER * low)
            is_over &= codes[written[first]] != codes[written[second]]
            pairs.update(zip(written[first[is_over]].tolist(), written[second[is_over]].tolist(), strict=True))
    return sorted(pairs) if len(pairs) >= _MIN_OVER else []


def covered_letters(page: Any, text_page: Any, drawn: Any, pairs: list[tuple[int, int]]) -> set[int]:
    """The letters of pairs without which the page looks the same. `drawn` is the drawn page (`SeenPage`)."""
    from pypdfium2 import raw

    items: dict[int, Any] = {}
    of_letters: dict[int, int] = {}
    for number in {number for pair in pairs for number in pair}:
        item = raw.FPDFText_GetTextObject(text_page, number)
        if item:
            of_letters[number] = ctypes.addressof(item.contents)
            items[of_letters[number]] = item
    apart = [pair for pair in pairs if of_letters.get(pair[0]) != of_letters.get(pair[1])]
    if len(items) > _MAX_TEXTS or len(apart) < _MIN_OVER:
        return set()
    unseen: set[int] = set()
    for group in _groups(apart, of_letters):
        for address in group:
            raw.FPDFPageObj_SetIsActive(items[address], False)
        changed = np.abs(drawn.draw(page).astype(np.int16) - drawn.levels) >= _CHANGE
        for address in group:
            raw.FPDFPageObj_SetIsActive(items[address], True)
        for number, address in of_letters.items():
            if address in group:
                left, top, right, bottom = drawn.boxes[number].tolist()
                middle = _INSIDE * (right - left)
                first, last = max(round(left + middle), 0), max(round(right - middle), 0)
                if not changed[max(round(top), 0) : max(round(bottom), 0), first : max(last, first + 1)].any():
                    unseen.add(number)
    return unseen


def _groups(pairs: list[tuple[int, int]], of_letters: dict[int, int]) -> list[set[int]]:
    """The texts in groups, so that no two in a group lie over each other. What needs more groups is left out."""
    over: defaultdict[int, set[int]] = defaultdict(set)
    for first, second in pairs:
        one, other = of_letters.get(first), of_letters.get(second)
        if one is not None and other is not None:
            over[one].add(other)
            over[other].add(one)
    group_of: dict[int, int] = {}
    for address, others in over.items():
        taken = {group_of[other] for other in others if other in group_of}
        group_of[address] = next(number for number in range(len(taken) + 1) if number not in taken)
    groups: list[set[int]] = [set() for _ in range(_MAX_GROUPS)]
    for address, number in group_of.items():
        if number < _MAX_GROUPS:
            groups[number].add(address)
    return [group for group in groups if group]
