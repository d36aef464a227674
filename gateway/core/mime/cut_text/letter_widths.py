"""How wide letters are in the fonts that pages are usually shown in."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

Measure = Callable[[str], float]
"""The width of a letter in parts of the size of the font."""

_MARK = "Mn"
"""The category of marks above and below letters, which take no room."""
_SANS = {
    0.191: "'’", 0.222: "ijl", 0.278: "ft., !:;/I\u00a0", 0.333: "r-()", 0.5: "ckszxyvJ", 0.611: "FTZ",
    0.667: "ABEKPSVXY&", 0.722: "wCDHNRU", 0.778: "GOQ", 0.833: "mM", 0.944: "W",
}  # fmt: skip
_SERIF = {
    0.18: "'", 0.25: "., \u00a0", 0.278: "ijlt:;/", 0.333: "frI-()’!", 0.389: "sJ", 0.444: "acez?",
    0.556: "FPS", 0.611: "ELTZ", 0.667: "BCR", 0.722: "wADGHKNOQUVXY", 0.778: "m&", 0.889: "M", 0.944: "W",
}  # fmt: skip
_OTHER_SANS, _OTHER_SERIF = 0.556, 0.5


def counted(letter: str) -> float:
    """Each letter has the width that a style counts with: half of the size, as the unit ch."""
    return 0.0 if unicodedata.category(letter) == _MARK else 0.5


def monospace(letter: str) -> float:
    """Each letter has the width of Courier."""
    return 0.0 if unicodedata.category(letter) == _MARK else 0.6


def _widths(groups: Mapping[float, str]) -> dict[str, float]:
    return {letter: width for width, letters in groups.items() for letter in letters}


def _measure(widths: Mapping[str, float], other: float) -> Measure:
    @lru_cache(maxsize=1024)
    def measure(letter: str) -> float:
        if unicodedata.category(letter) == _MARK:
            return 0.0
        return widths.get(letter) or widths.get(unicodedata.normalize("NFD", letter)[0], other)

    return measure


sans = _measure(_widths(_SANS), _OTHER_SANS)
"""As in Arial and Helvetica."""
serif = _measure(_widths(_SERIF), _OTHER_SERIF)
"""As in Times."""
