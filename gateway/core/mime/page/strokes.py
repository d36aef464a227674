"""Lines, outlines and dots of a drawing, counted: enough of them may be the letters of a sentence, in any format.

Nobody reads them here. An arrow, a frame, an icon or a chart of a few bars has too few for a sentence.
"""

from __future__ import annotations

import re

MIN_LINES = 40
"""Lines, each by itself, from which they may be the letters of a sentence."""
MIN_POINTS = 300
"""Points of a few lines, such as one of handwriting, from which they may be a sentence."""
_LINE = 4
"""What one line counts in points. A letter of sticks has one to three lines, and four points or five."""
MIN_OUTLINES = 8
"""Lines of a sentence that is not written in one stroke."""
_SHAPE = 6
"""Points of a shape that is drawn elsewhere and used again, as the same letter is."""
_MAX_PATH = 200_000
"""Characters of an outline that are counted. A longer one counts as a sentence."""
_COMMAND = re.compile(r"([a-zA-Z])([^a-zA-Z]*)")
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+|[@?]")
_MAX_DASHES = 8
"""Lengths that an ordinary line of dashes has."""
_NUMBERS = {"h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "a": 7}
"""Numbers that each piece of an outline has by its command (SVG 2 section 9.3). The others have two."""
_VML_NUMBERS = {"c": 6, "v": 6, "q": 4, "w": 8, "a": 8}


class Strokes:
    """Counts the lines, and the points between which they are drawn."""

    __slots__ = ("lines", "points")

    def __init__(self) -> None:
        self.lines = self.points = 0

    def line(self, points: int = 0) -> None:
        """A line or box that is drawn by itself."""
        self.lines += 1
        self.points += points

    def shape(self) -> None:
        """A shape that is drawn elsewhere and used here."""
        self.line(_SHAPE)

    def outline(self, path: str, *, is_vml: bool = False) -> None:
        """An outline by its commands, such as `M0 0L5 5`."""
        if len(path) > _MAX_PATH:
            self.points += MIN_POINTS
        numbers = _VML_NUMBERS if is_vml else _NUMBERS
        starts = 0
        for command, values in _COMMAND.findall(path[:_MAX_PATH]):
            name = command.lower()
            starts += name == "m" or (name == "t" and is_vml)
            self.points += len(_NUMBER.findall(values)) // numbers.get(name, 2)
        self.lines += max(starts, bool(path))

    def corners(self, points: str) -> None:
        """A line by its corners, such as `0,0 5,5`."""
        self.line(len(_NUMBER.findall(points[:_MAX_PATH])) // 2)

    def dashes(self, lengths: str) -> None:
        """The lengths of dashes and gaps of a line, which may be dots of letters if they are many."""
        count = len(_NUMBER.findall(lengths))
        self.points += count if count > _MAX_DASHES else 0

    def add(self, other: Strokes) -> None:
        """The strokes of a drawing inside this one."""
        self.lines += other.lines
        self.points += other.points

    def may_be_letters(self) -> bool:
        """Whether there are enough for a sentence."""
        is_written = self.lines >= MIN_OUTLINES and _LINE * self.lines + self.points >= _LINE * MIN_LINES
        return is_written or self.points >= MIN_POINTS
