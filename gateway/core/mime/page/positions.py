"""A second reading of a page: its words by where styles put them, line by line.

Programs that follow styles show words at these places; others show them in the order in which they are written. Sizes
of letters are estimated, so lines are read with and without blanks between boxes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import mean, median

from gateway.core.mime.page.placement import Kind, Placement

MAX_PIECES = 50_000
"""Boxes and pieces of text that are placed in one page."""
WIDTH = 600.0
"""The width of a box that has none of its own; in pixels."""
_LINE = 19.2
_LETTER = 8.0
_SAME_LINE = 9.0
_SAME_COLUMN = 12.0
_MAX_LAYERS, _MAX_IN_LAYER = 200, 5_000
_MAX_PENDING = 500
"""Boxes that are placed by a box around this one; more are placed by this one."""
_PARAGRAPH = 80
"""Letters of a piece that takes several lines, so that nobody reads on beside it."""
_SHORT = 3
"""Letters of pieces that may stand below each other."""
_MIN_SHORT = 5
_JOINED = 2.5
"""Letters a piece from which pieces may be whole words."""
_CLOSE = 6.0
"""Pixels between two letters from which they are not on each other: layers without such are read as one."""
_NEW_LINE = re.compile(r"\n(?:> ?)*")
_PIECE = re.compile(r"\S+(?: \S+)*+")


@dataclass(slots=True)
class Node:
    """A box that a style moves, or that has such boxes in it.

    `laid`: what is in it and where, from its corner. `pending`: boxes in it that are placed by a box around it, and
    where they would be by themselves. `layers`: those that were placed, without what they may cover.
    """

    placement: Placement
    laid: list[tuple[float, float, str | Node]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0
    pending: list[tuple[Node, float, float]] = field(default_factory=list)
    layers: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Container:
    """How a box arranges its parts: side by side (`is_row`) or below each other, from which end, or in a grid."""

    is_row: bool = False
    is_column: bool = False
    is_grid: bool = False
    is_reversed: bool = False
    is_from_right: bool = False
    is_vertical: bool = False
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)


FLOW = Container()


def lay_out(node: Node, parts: Sequence[str | Node], container: Container, is_root: bool = False) -> None:
    """Place the parts of a box."""
    groups = [part.placement.group if isinstance(part, Node) else 0 for part in parts]
    if any(groups):
        parts = [part for _, part in sorted(zip(groups, parts, strict=True), key=lambda item: item[0])]
    if container.is_row:
        _side_by_side(node, parts, container)
    else:
        _flow(node, parts, container)
    placement = node.placement
    for part in parts:
        if isinstance(part, Node) and part.layers:
            node.layers += part.layers
            part.layers = []
    if placement.is_positioned or placement.kind is Kind.OUT or is_root or len(node.pending) > _MAX_PENDING:
        width, height = placement.width or WIDTH, placement.height or node.height
        flow = len(node.laid)
        for inner, x, y in node.pending:
            left, top, right, bottom = inner.placement.edges
            x = left if left is not None else width - right if right is not None else x
            y = top if top is not None else height - bottom if bottom is not None else y
            margins = inner.placement.margins
            node.laid.append((x + inner.placement.dx + margins[0], y + inner.placement.dy + margins[1], inner))
        if len(node.pending) > 1:
            node.layers.append(Node(placement, node.laid[flow:]))
        node.pending = []
    if placement.width is not None:
        node.width = placement.width
    if placement.height is not None:
        node.height = placement.height


def _put(node: Node, part: Node, x: float, y: float) -> None:
    node.laid.append((x + part.placement.dx, y + part.placement.dy, part))
    node.pending += [(inner, x + from_left, y + from_top) for inner, from_left, from_top in part.pending]
    part.pending = []


def _flow(node: Node, parts: Sequence[str | Node], container: Container) -> None:
    x = y = at_right = 0.0
    is_new = True
    line: list[int] = []
    floating: list[tuple[float, float, str | Node]] = []
    for part in parts:
        if isinstance(part, str):
            for number, text in enumerate(_NEW_LINE.split(part)):
                if number and not is_new:
                    _mirror(node, line, container, x)
                    x, y, is_new, line = 0.0, y + _LINE, True, []
                for found in _PIECE.finditer(text):
                    line.append(len(node.laid))
                    node.laid.append((x + found.start() * _LETTER, y, found[0]))
                    is_new = False
                x += len(text) * _LETTER if not is_new else 0.0
                node.width = max(node.width, x)
            continue
        placement = part.placement
        left, top, right, bottom = placement.margins
        if placement.kind is Kind.OUT:
            node.pending.append((part, x, y))
        elif placement.kind is Kind.RIGHT:
            at_right += part.width + right
            _put(node, part, WIDTH - at_right, y)
            floating.append(node.laid[-1])
        elif placement.kind is Kind.BLOCK and not container.is_vertical:
            if not is_new:
                _mirror(node, line, container, x)
                x, y, line = 0.0, y + _LINE, []
            _put(node, part, left, y + top)
            node.width = max(node.width, left + part.width)
            y, is_new = y + top + part.height + bottom, True
        elif placement.kind is Kind.BLOCK:
            x -= max(part.width, _LINE)
            _put(node, part, x, 0.0)
        else:
            line.append(len(node.laid))
            _put(node, part, x + left, y + top)
            x, is_new = x + left + part.width + right, False
            node.width = max(node.width, x)
    _mirror(node, line, container, x)
    if len(floating) > 1:
        node.layers.append(Node(node.placement, floating))
    node.height = y + (0.0 if is_new else _LINE)


def _mirror(node: Node, line: list[int], container: Container, width: float) -> None:
    """Order the boxes of a line from right to left, unless there is plain text among them."""
    if not container.is_from_right or any(isinstance(node.laid[at][2], str) for at in line):
        return
    for at in line:
        x, y, part = node.laid[at]
        if isinstance(part, Node):
            node.laid[at] = (width - x - part.width, y, part)


def _side_by_side(node: Node, parts: Sequence[str | Node], container: Container) -> None:
    items: list[Node] = []
    for part in parts:
        if isinstance(part, str):
            if part.strip():
                anonymous = Node(Placement(Kind.INLINE))
                _flow(anonymous, [part], FLOW)
                items.append(anonymous)
        elif part.placement.kind is Kind.OUT:
            node.pending.append((part, 0.0, 0.0))
        else:
            items.append(part)
    items.sort(key=lambda item: item.placement.order)
    if container.is_reversed:
        items.reverse()
    if container.is_grid:
        _grid(node, items, container)
        return
    x = y = 0.0
    for item in items:
        left, top, right, bottom = item.placement.margins
        if container.is_column:
            _put(node, item, left, y + top)
            y += top + item.height + bottom
            node.width = max(node.width, item.width)
            node.height = y
        else:
            _put(node, item, x + left, top)
            x += left + item.width + right
            node.width, node.height = x, max(node.height, item.height)
    if not container.is_column:
        _mirror(node, list(range(len(node.laid))), container, x)


def _grid(node: Node, items: Sequence[Node], container: Container) -> None:
    cells: list[tuple[int, int, Node]] = []
    row, column = 1, 0
    for item in items:
        own_row, own_column = (_line(name, container.places, axis) for axis, name in enumerate(item.placement.cell))
        row, column = own_row or row, own_column or (1 if own_row and own_row != row else column + 1)
        cells.append((row, column, item))
    widths: dict[int, float] = {}
    heights: dict[int, float] = {}
    for row, column, item in cells:
        widths[column] = max(widths.get(column, 0.0), item.width)
        heights[row] = max(heights.get(row, 0.0), item.height, _LINE)
    lefts, tops = _sums(widths), _sums(heights)
    node.width, node.height = sum(widths.values()), sum(heights.values())
    for row, column, item in cells:
        x = lefts[column]
        _put(node, item, node.width - x - item.width if container.is_from_right else x, tops[row])


def _line(name: str, places: Mapping[str, tuple[int, int]], axis: int) -> int:
    if name in places:
        return places[name][axis]
    found = re.search(r"-?\d{1,6}", name) if "span" not in name else None
    return int(found[0]) if found else 0


def _sums(sizes: Mapping[int, float]) -> dict[int, float]:
    total, found = 0.0, {}
    for key in sorted(sizes):
        found[key] = total
        total += sizes[key]
    return found


# Reading


@dataclass(slots=True)
class _Piece:
    y: float
    x: float
    text: str

    @property
    def end(self) -> float:
        return self.x + _LETTER * len(self.text)


def readings(root: Node, known: KnownOrder) -> tuple[list[str], bool]:
    """The texts of a page by place, as far as they differ from what is shown in the order of the source.

    And whether the whole page was placed.
    """
    pieces, is_whole = _pieces(root, MAX_PIECES)
    found = _readings(pieces, known)
    left = MAX_PIECES
    for node in root.layers[:_MAX_LAYERS]:
        if left <= 0:
            is_whole = False
            break
        pieces, _ = _pieces(node, _MAX_IN_LAYER)
        left -= len(pieces)
        found += _readings(pieces, known)
    return list(dict.fromkeys(filter(None, found))), is_whole


def _readings(pieces: list[_Piece], known: KnownOrder) -> list[str]:
    if len(pieces) < 2:
        return []
    found: list[str] = []
    lines = _lines(pieces)
    found.append(known.new_lines([_joined(line) for line in lines]))
    if mean(len(piece.text) for piece in pieces) >= _JOINED:
        found.append(known.new_lines([" ".join(piece.text for piece in line) for line in lines]))
    short = [piece for piece in pieces if len(piece.text) <= _SHORT]
    if len(short) >= _MIN_SHORT:
        short.sort(key=lambda piece: (piece.x // _SAME_COLUMN, piece.y))
        found.append("".join(piece.text for piece in short))
    return found


def _pieces(root: Node, limit: int) -> tuple[list[_Piece], bool]:
    """The texts in a box with their places, as far as `limit` boxes and texts, and whether these are all."""
    pieces: list[_Piece] = []
    waiting: list[tuple[Node, float, float, int, int]] = [(root, 0.0, 0.0, 1, 1)]
    while waiting:
        node, from_left, from_top, across, down = waiting.pop()
        limit -= len(node.laid)
        if limit < 0:
            return pieces, False
        for x, y, part in node.laid:
            left, top = from_left + across * x, from_top + down * y
            if isinstance(part, str):
                is_mirrored = across < 0 < down
                width = _LETTER * len(part)
                text = part[::-1] if is_mirrored else part
                pieces.append(_Piece(top, left - width if across < 0 else left, text))
                continue
            flip_x, flip_y = part.placement.flips
            waiting.append((
                part, left + across * part.width if flip_x else left, top + down * part.height if flip_y else top,
                -across if flip_x else across, -down if flip_y else down,
            ))  # fmt: skip
    return pieces, True


def _lines(pieces: list[_Piece]) -> list[list[_Piece]]:
    """The pieces that stand beside each other, from left to right."""
    pieces.sort(key=lambda piece: piece.y)
    lines: list[list[_Piece]] = []
    line: list[_Piece] = []
    for piece in pieces:
        if len(piece.text) > _PARAGRAPH:
            lines.append([piece])
            continue
        if not line or piece.y - line[0].y > _SAME_LINE:
            line = []
            lines.append(line)
        line.append(piece)
    for line in lines:
        line.sort(key=lambda piece: piece.x)
    return [_merged(line) if len(line) > 1 else line for line in lines]


def _merged(line: list[_Piece]) -> list[_Piece]:
    """The letters of pieces that lie on each other, if each fills the gaps of the others."""
    if not any(after.x < before.end - _LETTER for before, after in pairwise(line)):
        return line
    letters = [
        _Piece(piece.y, piece.x + at * _LETTER, letter)
        for piece in line
        for at, letter in enumerate(piece.text)
        if letter != " "
    ]
    letters.sort(key=lambda letter: letter.x)
    return line if any(after.x - before.x < _CLOSE for before, after in pairwise(letters)) else letters


def _joined(line: list[_Piece]) -> str:
    """A line with blanks where the gaps are wider than usual."""
    gaps = [after.x - before.end for before, after in pairwise(line)]
    usual = median(gaps) + _LETTER / 2 if gaps else 0.0
    out = [line[0].text]
    for piece, gap in zip(line[1:], gaps, strict=True):
        out += [" " if gap > usual else "", piece.text]
    return "".join(out)


class KnownOrder:
    """Which words follow each other in a text."""

    def __init__(self, text: str) -> None:
        words = text.split()
        self._words = frozenset(words)
        self._runs = set(zip(words, words[1:], words[2:], strict=False))

    def new_lines(self, lines: Sequence[str]) -> str:
        """The lines with words in an order that the text does not have, and the lines around them."""
        words: list[str] = []
        line_of: list[int] = []
        for number, line in enumerate(lines):
            found = line.split()
            words += found
            line_of += [number] * len(found)
        if len(words) < 3:
            return "" if self._words.issuperset(words) else "\n".join(lines)
        is_long = [len(line) > _PARAGRAPH for line in lines]
        chosen: set[int] = set()
        for at, run in enumerate(zip(words, words[1:], words[2:], strict=False)):
            first, last = line_of[at], line_of[at + 2]
            if run in self._runs or (first != last and (is_long[first] or is_long[last])):
                continue  # nobody reads on from a paragraph to what stands beside or below it
            chosen.update(range(max(0, first - 1), min(last + 2, len(lines))) if first != last else (first,))
        return "\n".join([line for number, line in enumerate(lines) if number in chosen])
