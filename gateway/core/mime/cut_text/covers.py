"""Empty boxes with a background that cover a part of the text beside or around them."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.mime.css.lengths import to_pixels
from gateway.core.mime.cut_text.windows import Edge, Window
from gateway.core.mime.page.frame import Frame
from gateway.core.mime.page.placement import place
from gateway.core.mime.page.runs import SEEN, Run

_PAINTED = frozenset({"background-color", "background-image"})
_CLEAR = ("", "none", "transparent", "initial", "inherit")
_POSITIONED = ("relative", "absolute", "fixed", "sticky")
_LEAST = 4.0
"""Pixels of a cover that hides a letter."""


def covered(frame: Frame, runs: Sequence[Run]) -> tuple[Frame | None, Window] | None:
    """What an element that ends covers, and what it leaves to see; None if it covers nothing.

    It is the text of an element around it, or, if that is None, the piece of text before it.
    """
    style = frame.main
    if style.values is None or style.values.keys().isdisjoint(_PAINTED):
        return None
    if all(style.value(name) in _CLEAR for name in _PAINTED) or not frame.box:
        return None
    width = to_pixels(style.value("width"), style.font) if style.value("width") else None
    if width is None or width < _LEAST or any(run.mask & SEEN and run.text.strip() for run in runs[frame.start :]):
        return None
    placement = place(style, frame.display, frame.is_block, frame.name, frame.attributes, False)
    left, _, right, _ = placement.edges
    is_counted = "ch" in style.value("width")
    if left is None and right is None:
        back = -(placement.dx + placement.margins[0])
        return (None, _window(((0.0, 0.0), (-back, 1.0)), is_counted)) if back >= _LEAST else None
    owner = frame.parent
    while owner is not None and owner.parent is not None and owner.main.value("position") not in _POSITIONED:
        owner = owner.parent
    if owner is None or owner.parent is None:
        return None
    if right is not None:
        return owner, _window(((0.0, 0.0), (-right - width, 1.0)), is_counted)
    left = left or 0.0
    across = ((0.0, 0.0), (left, 0.0)) if left >= _LEAST else ((left + width, 0.0), (0.0, 1.0))
    return owner, _window(across, is_counted)


def _window(across: tuple[Edge, Edge], is_counted: bool) -> Window:
    return Window(None, None, across, None, None, (0.0, 0.0), is_counted)
