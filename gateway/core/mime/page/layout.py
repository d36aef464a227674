"""Text that a page shows in another order than it is written: reversed, moved, or placed letter by letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.mime.charsets.marks import has_letters
from gateway.core.mime.css.lengths import to_pixels
from gateway.core.mime.css.style import Style
from gateway.core.mime.page.placement import Kind, Placement, grid_places, place
from gateway.core.mime.page.positions import FLOW, Container, KnownOrder, Node, lay_out, readings
from gateway.core.mime.page.runs import BARE, SEEN, Run, tidy

ROWS = frozenset("flex inline-flex grid inline-grid -webkit-flex -webkit-box -ms-flexbox".split())
"""Values of display that put children side by side."""
_GRIDS = ("grid", "inline-grid", "-ms-grid")
_MAX_MOVES = 300_000
"""Pieces of text that are moved in one page."""
_MAX_KEPT = 400_000
"""Characters of moved texts that are kept in the order of the source."""
_MIN_MARKERS = 5
_PLACED_BY_NAME = frozenset("table thead tfoot caption".split())
"""Elements whose names or attributes place them."""
_MIN_FLOATS = 3
"""Boxes at the right edge from which the text of their parent is also read in the order of the source."""
_LETTER = 8.0
"""The usual width of a letter; in pixels."""


@dataclass(slots=True)
class _Box:
    """An open element.

    `children`: start and end of those that may be moved, order, whether they float right. `nodes`: start and end of
    those that are moved or have moved boxes in them. `keeps_all`: each child is a node.
    """

    display: str
    name: str
    attributes: Mapping[str, str | None]
    is_row: bool
    container: Container = FLOW
    keeps_all: bool = False
    children: list[tuple[int, int, int, bool]] = field(default_factory=list)
    nodes: list[tuple[int, int, Node]] = field(default_factory=list)


class Layout:
    """Moves pieces of text to the order in which they are seen, and reads a page by the places of its boxes."""

    def __init__(self, runs: list[Run]) -> None:
        self._runs = runs
        self._open = [_Box("block", "", {}, False)]
        self._markers: list[str] = []
        self._sources: list[str] = []
        self._moves = self._kept = 0
        self._placements: dict[tuple[Style, str, bool], Placement] = {}

    @property
    def is_complete(self) -> bool:
        """Whether everything was moved."""
        return self._moves <= _MAX_MOVES

    def enter(self, style: Style, display: str, attributes: Mapping[str, str | None], name: str) -> None:
        """An element begins."""
        is_row = display in ROWS
        box = _Box(display, name, attributes, is_row)
        if is_row or style.direction == "rtl" or style.value("writing-mode").startswith(("vertical", "sideways")):
            box.container = container = _container(style, display, is_row)
            box.keeps_all = (
                container.is_reversed or container.is_from_right or container.is_vertical or bool(container.places)
            )
        self._open.append(box)

    def leave(self, start: int, style: Style, in_row: bool, is_block: bool, in_svg: bool) -> None:
        """An element ends, before its last line break. `start`: its first piece of text. `in_row`: beside others.

        `is_block`: it has lines of its own. `in_svg`: it is a part of a drawing.
        """
        box = self._open.pop()
        parent = self._open[-1]
        end = len(self._runs)
        placement = self._place(style, box, is_block and not in_row, in_svg)
        if placement.moves or box.nodes or (parent.keeps_all and _is_apart(box, style, in_row, parent)):
            parent.nodes.append((start, end, self._node(start, end, placement, box)))
        if box.children:
            self._arrange(start, end, style, box)
        if style.is_reversed:
            self._keep_source(start, end)
            self._reverse(start, end)
        is_right = style.flow == "float" and style.value("float") in ("right", "inline-end")
        if is_right or in_row:
            self._open[-1].children.append((start, end, _order(style) if style.values else 0, is_right))

    def _place(self, style: Style, box: _Box, is_block: bool, in_svg: bool) -> Placement:
        """How a box is placed. Most elements of a page share a few styles."""
        if in_svg or box.name in _PLACED_BY_NAME:
            return place(style, box.display, is_block, box.name, box.attributes, in_svg)
        key = (style, box.display, is_block)
        found = self._placements.get(key)
        if found is None:
            found = self._placements[key] = place(style, box.display, is_block, box.name, box.attributes, in_svg)
        return found

    def _node(self, start: int, end: int, placement: Placement, box: _Box) -> Node:
        """A box with its parts: text, and the nodes in it."""
        node = Node(placement)
        parts: list[str | Node] = []
        at = start
        for first, last, inner in box.nodes:
            parts += [self._text(at, first), inner]
            at = last
        text = self._text(at, end)
        if placement.is_moved_back and not (parts or text.strip()):  # it is out of the window, or beside other boxes
            text = self._text(at, end, BARE)
        is_root = box is self._open[0]
        if not box.nodes and placement.kind is Kind.OUT and (letters := _placed_letters(box, text)):
            node.laid = letters
        else:
            lay_out(node, [part for part in (*parts, text) if part], box.container, is_root)
        return node

    def _text(self, start: int, end: int, who: int = SEEN) -> str:
        text = "".join([run.text for run in self._runs[start:end] if run.mask & who])
        return text.lstrip("\n") if start == 0 else text

    def _keep_source(self, start: int, end: int) -> None:
        """Keep a text in the order of the source, which is that of programs without styles."""
        text = "".join([run.text for run in self._runs[start:end] if run.mask & SEEN])
        self._kept += len(text)
        if self._kept > _MAX_KEPT:
            self._moves = _MAX_MOVES + 1
        elif has_letters(text := tidy(text)):
            self._sources.append(text)

    def add_marker(self, marker: str) -> None:
        """A letter in front of a list item; "" if it is none."""
        if marker:
            self._markers.append(marker)

    def variants(self, shown: str) -> list[str]:
        """What is seen in another order than in `shown`, or is written in another order."""
        if not (self._sources or self._markers or self._open[0].nodes):
            return []
        known = KnownOrder(shown)
        found = [known.new_lines("\n".join(self._sources).split("\n"))]
        if len(self._markers) >= _MIN_MARKERS:
            found.append("".join(self._markers))
        if self._open[0].nodes:
            root = self._node(0, len(self._runs), Placement(Kind.BLOCK), self._open[0])
            texts, is_complete = readings(root, known)
            found += texts
            self._moves += 0 if is_complete else _MAX_MOVES + 1
        return found

    def _take(self, count: int) -> bool:
        self._moves += count
        return self._moves <= _MAX_MOVES

    def _reverse(self, start: int, end: int) -> None:
        if not self._take(end - start):
            return
        line: list[Run] = []
        arranged: list[Run] = []
        for run in self._runs[start:end]:
            if run.text[:1] == "\n":
                arranged += [*reversed(line), run]
                line = []
            else:
                cut = None if run.cut is None else [text[::-1] for text in run.cut]
                line.append(Run(run.text[::-1], run.mask, run.kind, run.frame, cut))
        self._runs[start:end] = [*arranged, *reversed(line)]

    def _arrange(self, start: int, end: int, style: Style, box: _Box) -> None:
        is_row, children = box.is_row, box.children
        is_reversed = is_row and style.value("flex-direction").endswith("reverse")
        at_right = sum(is_right for _, _, _, is_right in children)
        if not (is_reversed or at_right or (is_row and any(order for _, _, order, _ in children))):
            return
        if not self._take(end - start):
            return
        if is_row or at_right >= _MIN_FLOATS:
            self._keep_source(start, end)
        segments: list[tuple[int, list[Run], bool]] = []
        at = start
        for first, last, order, is_right in children:
            if first > at:
                segments.append((0, self._runs[at:first], False))
            segments.append((order, self._runs[first:last], is_right))
            at = last
        if at < end:
            segments.append((0, self._runs[at:end], False))
        if is_row:
            segments.sort(key=lambda segment: segment[0])
            if is_reversed:
                segments.reverse()
        elif at_right:
            floats = [segment for segment in segments if segment[2]]
            segments = [*(segment for segment in segments if not segment[2]), *reversed(floats)]
        self._runs[start:end] = [run for _, runs, _ in segments for run in runs]


def _order(style: Style) -> int:
    value = to_pixels(style.value("order"))
    if value is None:
        row, column = to_pixels(style.value("grid-row") or "0"), to_pixels(style.value("grid-column") or "0")
        value = 1000 * (row or 0) + (column or 0)
    return int(value) if abs(value) < 1e9 else 0


def _container(style: Style, display: str, is_row: bool) -> Container:
    """How a box arranges what is in it."""
    direction = style.value("flex-direction") if is_row else ""
    is_upwards = style.value("flex-wrap") == "wrap-reverse"
    is_grid = display in _GRIDS
    return Container(
        is_row=is_row,
        is_column=(direction.startswith("column") or is_upwards) and not is_grid,
        is_grid=is_grid,
        is_reversed=(direction.endswith("reverse") or is_upwards) and not is_grid,
        is_from_right=style.direction == "rtl",
        is_vertical=style.value("writing-mode") in ("vertical-rl", "sideways-rl", "tb-rl"),
        places=grid_places(style) if is_grid else {},
    )


def _is_apart(box: _Box, style: Style, in_row: bool, parent: _Box) -> bool:
    """Whether a box is placed as one thing among the others of its parent."""
    if in_row or parent.container.is_vertical:
        return True
    is_unit = style.value("unicode-bidi") not in ("", "normal", "plaintext") or box.name == "bdi"
    return is_unit or box.display.startswith(("inline-", "table-cell"))


def _placed_letters(box: _Box, text: str) -> list[tuple[float, float, str | Node]]:
    """The letters of a text of SVG that has a place for each of them."""
    places = (box.attributes.get("x") or "").replace(",", " ").split() if box.name in ("text", "tspan") else []
    if len(places) < 2:
        return []
    numbers = [to_pixels(place) or 0.0 for place in places[: len(text)]]
    letters = text.lstrip()
    laid: list[tuple[float, float, str | Node]] = [
        (x - numbers[0], 0.0, letter) for x, letter in zip(numbers, letters, strict=False) if letter.strip()
    ]
    if rest := letters[len(numbers) :].strip():
        laid.append((numbers[-1] - numbers[0] + _LETTER, 0.0, rest))
    return laid
