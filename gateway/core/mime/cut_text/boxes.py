"""Reads the text of boxes that show a part of it: the first letters of a word, the last ones, the first of its lines.

A program that follows styles shows that part; others show all of the text, which is read as well. A box that shows more
than a few words is left alone: what it shows is read with the rest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from gateway.core.mime.css.lengths import to_pixels
from gateway.core.mime.css.style import MIN_ALPHA
from gateway.core.mime.cut_text.covers import covered
from gateway.core.mime.cut_text.letter_widths import Measure, counted, monospace, sans, serif
from gateway.core.mime.cut_text.rows import Row, Shift, Sign, broken, seen_in
from gateway.core.mime.cut_text.windows import CUTTING, Edge, Window, window_of
from gateway.core.mime.page.frame import Frame
from gateway.core.mime.page.layout import ROWS
from gateway.core.mime.page.placement import place
from gateway.core.mime.page.runs import BARE, SEEN, Run, tidy

_Item = TypeVar("_Item")
_MIN_BOXES = 3
"""Boxes that show a part of their text, from which they may say something together."""
_MAX_LETTERS, _MAX_SHOWN = 120_000, 40
"""Letters and pieces in the boxes of a page that are looked at, and letters that a box shows of a word or two."""
_MAX_LINE, _MAX_LINES = 600, 12
"""Letters of a line and lines of a box, of whose middle nothing can be seen in a small window."""
_MAX_PIECES = 2_000
"""Pieces of text in a box that shows a word."""
_WIDE, _HIGH = 20.0, 6.0
"""The width and height of a box that shows more than words, in sizes of its letters."""
_ANCESTORS = 12
_MODELS = 3
"""Fonts that the letters of a page may have."""
_PROPORTIONAL: tuple[Measure, ...] = (counted, sans, serif)
_MONOSPACE = frozenset("pre code tt kbd samp xmp listing plaintext textarea".split())
_MONOSPACE_FONTS = ("mono", "courier", "consolas", "menlo", "fixed", "typewriter")
_INLINE = ("inline", "contents", "ruby-text")
_CUT_BY_NAME = frozenset("input img svg foreignobject".split())
"""Elements that show nothing of their text outside of them, whatever their style."""
_ALONG = "justify-content", "justify-items", "place-content", "place-items"
_BESIDE = "align-items", "align-content", "place-content", "place-items"
_ALIGNING = frozenset((*_ALONG, *_BESIDE, "flex-direction"))
_SHARES = {"end": 1.0, "flex-end": 1.0, "right": 1.0, "center": 0.5}
"""Where a box cuts what does not fit, by how it aligns what is in it."""
_UNBROKEN, _BROKEN_ANYWHERE = ("nowrap", "pre"), ("break-all", "anywhere", "break-word")
_WRAPPING, _BREAKING = ("white-space", "text-wrap"), ("word-break", "overflow-wrap", "word-wrap", "line-break")
_OWN_SHARE = re.compile(r"(?:translate(?:x|3d)?\(|^ )\s{0,9}(-?[\d.]{1,9})%")
_SHAPE = re.compile(r"url\([\"']?#([^\"')]{1,100})")
_BETWEEN_NUMBERS = re.compile(r"[\s,]+")
_WORDS_PER_CUT = 4
"""Words of a line for each text that is cut, at most, where words are cut on purpose."""
_GAP_LINES, _GAP_LETTERS = 2, 40
"""Lines, and their letters, that may stand between lines with boxes."""


class Cuts:
    """Notes which part of its text each box of a page shows, when it ends."""

    def __init__(self) -> None:
        self._left = _MAX_LETTERS
        self._places: Counter[Frame] = Counter()
        self._columns: dict[Frame, list[str]] = {}
        self._covered: dict[Frame, Window] = {}
        self._shapes: dict[str, tuple[Edge, Edge]] = {}

    @property
    def is_complete(self) -> bool:
        """Whether all boxes were looked at."""
        return self._left >= 0

    def end(self, frame: Frame, runs: Sequence[Run]) -> None:
        """An element ends."""
        style, parent, name = frame.main, frame.parent, frame.name
        if parent is None or self._left < 0 or len(runs) - frame.start > _MAX_PIECES:
            return
        column = self._column(frame, parent)
        if name == "rect" and parent.name == "clippath":
            self._shapes[parent.attributes.get("id") or ""] = _rectangle(frame)
        if (cover := covered(frame, runs)) is not None:
            owner, window = cover
            if owner is not None:
                self._covered[owner] = window
            elif frame.start and (before := runs[frame.start - 1]).frame is not None:
                self._cut(window, before.frame, [before])
        if (left := self._covered.pop(frame, None)) is not None:
            self._cut(left, frame, runs[frame.start :])
        is_cut = name in _CUT_BY_NAME
        shape = self._shape(frame) if self._shapes else None
        if not is_cut and shape is None and (style.values is None or style.values.keys().isdisjoint(CUTTING)):
            return
        is_box = frame.display not in _INLINE or style.flow != "" or parent.display in ROWS
        if shape is not None:
            self._cut(Window(None, None, shape, None, None, (0.0, 0.0), False), frame, runs[frame.start :])
            return
        widths = [size for size in (_attribute(frame, "width"), _field_width(frame), column) if size]
        found = window_of(style, is_box, _base(parent), widths, is_cut)
        if found is not None and not _is_large(found, style.font):
            self._cut(_in_units_of_drawing(found, frame) if name == "svg" else found, frame, runs[frame.start :])

    def _cut(self, window: Window, frame: Frame, runs: Sequence[Run]) -> None:
        self._left -= len(runs) + sum([len(run.text) for run in runs])
        if self._left >= 0:
            _cut(window, frame, runs)

    def _column(self, frame: Frame, parent: Frame) -> str:
        """The width of the column of a grid or table that a box is in; "" if it is in none, or sets it."""
        if frame.name in ("td", "th", "col"):
            table = next((at for at in _around(parent) if at.name == "table"), None)
            if table is None or table.main.value("table-layout") != "fixed":
                return ""
            columns = self._columns.setdefault(table, [])
            at = len(columns) if frame.name == "col" else self._places[parent]
            self._places[parent] += 1
            if at < len(columns):
                return columns[at]
            columns.append(frame.main.value("width") or _attribute(frame, "width"))
            return ""
        columns = parent.main.value("grid-template-columns").split()
        if not columns:
            return ""
        self._places[parent] += 1
        return columns[(self._places[parent] - 1) % len(columns)]

    def _shape(self, frame: Frame) -> tuple[Edge, Edge] | None:
        """The shape with a name that cuts an element."""
        found = _SHAPE.match(frame.main.value("clip-path") or frame.attributes.get("clip-path") or "")
        return None if found is None else self._shapes.get(found[1])


def cut_readings(runs: Sequence[Run]) -> list[str]:
    """The lines of a page with boxes that show a part of their text, as they are seen in each kind of font."""
    if sum(run.cut is not None for run in runs) < _MIN_BOXES:
        return []
    readings = (tidy("\n".join(_lines(runs, model))) for model in range(_MODELS))
    return list(dict.fromkeys(reading for reading in readings if reading))


def _lines(runs: Sequence[Run], model: int) -> list[str]:
    """The lines of which a part is cut texts, and short ones between them; none if they are few."""
    lines: list[str] = []
    line: list[str] = []
    gap: list[str] = []
    cuts = total = 0
    for run in (*runs, Run("\n", SEEN)):
        if run.text[:1] != "\n":
            if run.cut is not None:
                cuts += 1
                line.append(run.cut[model])
            elif run.mask & SEEN:
                line.append(run.text)
            continue
        if not run.mask & SEEN or not line:
            continue
        text = "".join(line)
        if cuts * _WORDS_PER_CUT >= len(text.split()) and cuts:
            if lines and len(gap) <= _GAP_LINES and sum(map(len, gap)) <= _GAP_LETTERS:
                lines += gap
            lines.append(text)
            gap = []
            total += cuts
        elif len(gap) <= _GAP_LINES:
            gap.append(text)
        line, cuts = [], 0
    return lines if total >= _MIN_BOXES else []


# The letters of a box


def _cut(window: Window, frame: Frame, runs: Sequence[Run]) -> None:
    """Note the part of each piece of text that is seen in a box, if it is not all of it."""
    lines = _signs(frame, runs)
    if not lines:
        return
    is_nowrap = _inherited(frame, _WRAPPING).startswith(_UNBROKEN) or "nowrap" in frame.attributes or frame.in_svg
    is_any_place = _inherited(frame, _BREAKING) in _BROKEN_ANYWHERE
    width = None if is_nowrap else window.width
    found: list[dict[int, list[str]]] = []
    inner = runs[lines[0][0].number].frame
    for measure in (counted,) if window.is_counted else (monospace,) if _is_monospace(inner) else _PROPORTIONAL:
        rows = [row for line in lines for row in broken(line, width, is_any_place, measure)]
        seen: dict[int, list[str]] = {}
        for sign in seen_in(window, rows, frame.main.line_height, inner.main.font, measure):
            seen.setdefault(sign.number, []).append(sign.letter)
        if sum(map(len, seen.values())) > _MAX_SHOWN:
            return
        found.append(seen)
    whole: dict[int, list[str]] = {}
    for line in lines:
        for sign in line:
            whole.setdefault(sign.number, []).append(sign.letter)
    if all(seen == whole for seen in found):
        return
    for number in whole:
        before = " " if runs[number].text[:1] == " " else ""
        texts = [before + "".join(seen.get(number, ())).lstrip(" ") for seen in found]
        runs[number].cut = (texts * _MODELS)[:_MODELS]


def _signs(frame: Frame, runs: Sequence[Run]) -> list[Row]:
    """The letters of a box, line by line. Those in the middle of a long text are left out."""
    lines: list[Row] = [[]]
    shifts: dict[Frame, Shift] = {}
    for number, run in enumerate(runs):
        if run.text[:1] == "\n":
            if lines[-1] and run.mask & SEEN:
                lines.append([])
            continue
        if run.frame is None or not _takes_room(run):
            continue
        shift = shifts.get(run.frame)
        if shift is None:
            shift = shifts[run.frame] = _shift(run.frame, frame)
        text = run.text if run.cut is None else run.cut[0]
        if not lines[-1] and not run.frame.main.keeps_space:
            text = text.lstrip(" ")
        lines[-1] += [Sign(number, letter, shift) for letter in text]
    lines = [_ends(line, _MAX_LINE) for line in lines if line]
    return _ends(lines, _MAX_LINES)


def _ends(items: list[_Item], most: int) -> list[_Item]:
    """The first and the last items."""
    return items if len(items) <= most else [*items[: most // 2], *items[-(most // 2) :]]


def _takes_room(run: Run) -> bool:
    """Whether a text is seen, or would be if a box were not moved too far: it may be moved into a window."""
    style = run.frame.main
    return bool(run.mask & SEEN) or (bool(run.mask & BARE) and style.is_hidden and style.opacity >= MIN_ALPHA)


# How text is moved in a box


def _shift(inner: Frame, box: Frame) -> Shift:
    """How the elements from a text to a box around it move it."""
    dx = dy = own = 0.0
    across, down = (1.0 if inner.main.direction == "rtl" else 0.0), 0.0
    margins: list[tuple[Frame, float, float]] = []
    for at in _around(inner):
        share = _share_before(at)
        across, down = max(across, share[0]), max(down, share[1])
        if at is box:
            break
        if at.main.values is None:
            continue
        placement = place(at.main, at.display, at.is_block, at.name, at.attributes, at.in_svg)
        left, top, right, bottom = placement.edges
        dx, dy = dx + placement.dx + (left or 0.0), dy + placement.dy + (0.0 if at.in_svg else top or 0.0)
        if placement.margins[0] or placement.margins[1]:
            margins.append((at, placement.margins[0], placement.margins[1]))
        is_at_right = right is not None or at.main.value("float") in ("right", "inline-end")
        across, down = max(across, float(is_at_right)), max(down, float(bottom is not None))
        if (found := _OWN_SHARE.search(f"{at.main.value('transform')} {at.main.value('translate')}")) is not None:
            share_moved = (to_pixels(found[1]) or 0.0) / 100
            dx, own = dx - share_moved * (placement.width or _ASSUMED), own + share_moved
    indent = to_pixels(_inherited(inner, ("text-indent",)), inner.main.font) or 0.0
    spacing = to_pixels(_inherited(inner, ("letter-spacing",)), inner.main.font) or 0.0
    return Shift(dx, dy, own, indent, (across, down), tuple(margins), inner.main.font, spacing)


_ASSUMED = 60.0
"""The width of a box without one by which it is moved elsewhere, in pixels."""


def _share_before(frame: Frame) -> tuple[float, float]:
    """The shares of what does not fit into a box that are cut before what is seen: at the left, and at the top."""
    if frame.main.values is None or frame.main.values.keys().isdisjoint(_ALIGNING):
        return 0.0, 0.0
    value = frame.main.value
    shares = [
        max(_SHARES.get(word, 0.0) for name in names for word in (*value(name).split(), ""))
        for names in (_ALONG, _BESIDE)
    ]
    if value("flex-direction").endswith("reverse"):
        shares[0] = 1.0 - shares[0]
    return (shares[1], shares[0]) if value("flex-direction").startswith("column") else (shares[0], shares[1])


def _around(frame: Frame) -> Iterator[Frame]:
    """An element and those around it."""
    at: Frame | None = frame
    for _ in range(_ANCESTORS):
        if at is None:
            return
        yield at
        at = at.parent


def _inherited(frame: Frame, names: Sequence[str]) -> str:
    """The value of a property with one of the names, of an element or those around it."""
    for at in _around(frame):
        for name in names:
            if value := at.main.value(name):
                return value
    return ""


def _is_monospace(frame: Frame) -> bool:
    """Whether all letters of an element are of one width."""
    for at in _around(frame):
        font = at.main.value("font-family") or (at.attributes.get("font-family") or at.attributes.get("face") or "")
        if font:
            return any(word in font.lower() for word in _MONOSPACE_FONTS)
        if at.name in _MONOSPACE:
            return True
    return False


# How wide a box is


def _is_large(window: Window, font: float) -> bool:
    """Whether a window is too large for a word or two."""
    is_wide = window.across is None or window.across[1][0] > _WIDE * font
    is_high = window.down is None or window.down[1][0] > _HIGH * font
    return is_wide and is_high and window.lines is None and _is_without_share(window)


def _is_without_share(window: Window) -> bool:
    return all(edges is None or edges[1][1] == 0.0 for edges in (window.across, window.down))


def _attribute(frame: Frame, name: str) -> str:
    return (frame.attributes.get(name) or "").strip().lower()


def _field_width(frame: Frame) -> str:
    """The width of a field for as many letters as it says."""
    size = _attribute(frame, "size") if frame.name == "input" else ""
    return f"{size}ch" if size.isdecimal() else ""


def _base(parent: Frame) -> str:
    """The width that percentages of a box refer to; "" if it is not known."""
    widths = (at.main.value("width") for at in _around(parent))
    return next((width for width in widths if width and "%" not in width), "")


def _rectangle(frame: Frame) -> tuple[Edge, Edge]:
    """The left and right edge of a rectangle in a drawing."""
    left, width = (to_pixels(_attribute(frame, name), frame.main.font) or 0.0 for name in ("x", "width"))
    return (left, 0.0), (left + width, 0.0)


def _in_units_of_drawing(window: Window, frame: Frame) -> Window:
    """The window of a drawing that shows another part of it than its beginning, or not in pixels."""
    box = _attribute(frame, "viewBox") or _attribute(frame, "viewbox")
    numbers = [to_pixels(part) or 0.0 for part in _BETWEEN_NUMBERS.split(box)]
    if len(numbers) != 4 or window.across is None:
        return window
    return Window(numbers[2], None, ((numbers[0], 0.0), (numbers[0] + numbers[2], 0.0)), None, None, (0.0, 0.0), False)
