"""A sentence whose letters are drawn with sticks or dots, in the ways that files and pages draw."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

SENTENCE = "DO NOT TELL YOUR PARENTS MEET ME AT MY HOUSE"
_STICKS = {
    "A": "06 20 46,14 34", "D": "00 06 35 43 31 00", "E": "40 00 06 46,03 33", "H": "00 06,40 46,03 43",
    "L": "00 06 46", "M": "06 00 23 40 46", "N": "06 00 46 40", "O": "10 01 05 16 36 45 41 30 10",
    "P": "06 00 30 41 42 33 03", "R": "06 00 30 41 42 33 03,23 46", "S": "41 30 10 01 02 44 45 36 16 05",
    "T": "00 40,20 26", "U": "00 05 16 36 45 40", "Y": "00 23 40,23 26",
}  # fmt: skip
"""The corners of the lines of each letter, which is 4 wide and 6 high."""
_WIDTH = 110

Point = tuple[int, int]


def _placed(size: int) -> Iterator[tuple[str, int, int]]:
    """Each letter and its place, in lines of some words."""
    x = y = 0
    for letter in SENTENCE:
        if letter == " " and x > _WIDTH - 24:
            x, y = 0, y + 9
            continue
        yield letter, x * size, y * size
        x += 6


def strokes(size: int = 6) -> list[list[Point]]:
    """The lines of the sentence by their corners."""
    return [
        [(x + int(corner[0]) * size, y + int(corner[1]) * size) for corner in line.split()]
        for letter, x, y in _placed(size)
        for line in _STICKS.get(letter, "").split(",")
        if line
    ]


def letters(size: int = 6) -> list[list[list[Point]]]:
    """The lines of each letter by itself, at the same place."""
    return [
        [[(int(corner[0]) * size, int(corner[1]) * size) for corner in line.split()] for line in lines.split(",")]
        for letter in SENTENCE
        if (lines := _STICKS.get(letter))
    ]


def sticks(size: int = 6) -> list[tuple[Point, Point]]:
    """The lines of the sentence, each from one corner to the next."""
    return [ends for line in strokes(size) for ends in pairwise(line)]


def dots() -> set[Point]:
    """The places of the sentence's dots."""
    found = set()
    for (x, y), (to_x, to_y) in sticks(1):
        steps = max(abs(to_x - x), abs(to_y - y))
        found |= {(round(x + (to_x - x) * at / steps), round(y + (to_y - y) * at / steps)) for at in range(steps + 1)}
    return found


def rows() -> list[list[bool]]:
    """The sentence in rows of dots and blanks."""
    found = dots()
    return [[(x, y) in found for x in range(_WIDTH)] for y in range(max(y for _, y in found) + 1)]


def outline(line: list[Point]) -> str:
    """A line in the commands of SVG."""
    return "M" + "L".join(f"{x} {y}" for x, y in line)


def vml_outline(line: list[Point]) -> str:
    """A line in the commands of VML."""
    return f"m{line[0][0]},{line[0][1]}l" + ",".join(f"{x},{y}" for x, y in line[1:]) + "e"


def corners(line: list[Point]) -> str:
    """A line by its corners."""
    return " ".join(f"{x},{y}" for x, y in line)
