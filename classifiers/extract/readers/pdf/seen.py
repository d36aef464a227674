"""A page of a PDF as it is drawn: which of its letters can be seen, and whether they look like what the file says.

A file may cover letters, cut them off, or draw them in the color of their ground; and it may call a shape by any
letter. The drawn page tells: a letter that can be seen has edges in its place, and most letters of most fonts look like
those of the standard fonts. Only a clear likeness counts, so that a font in an odd style is no false one.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, reduce
from typing import Any, NamedTuple
from unicodedata import category

import numpy as np
import numpy.typing as npt

from classifiers.extract.readers.pdf.covered import covered_letters, letters_over_others
from classifiers.extract.readers.pdf.letters import MAX_LETTERS, is_type_3, references
from classifiers.normalize.plain_letters import plain_letters

_SCALE, _FEWEST_PIXELS, _MOST_PIXELS = 2.0, 1_400, 2_400
"""Pixels for each point of a drawn page, and of its longer side."""
_EDGE = 14
"""Levels (of 255) by which neighboring pixels differ at an edge that a person sees."""
_SQUARE = 2
"""Pixels of the squares in which edges are looked for."""
_MIN_SIDE = 2.0
"""Pixels of the longer side of a letter that is looked for. One without any place is not drawn at all."""
_NO_SIDE = 0.01
_INSIDE = 0.2
"""Share of a letter's width that is left out at both sides, where its neighbors may reach in."""
_LEVEL = 0.05
"""How much the line of a letter that is compared may rise."""
_GRID = 10
"""Rows and columns in which shapes are compared."""
_MIN_PIXELS, _AROUND = 9.0, 2.0
"""Height or width of a shape in pixels from which it is compared, and pixels around it that tell its ground."""
_ASPECT, _WIDE = 0.35, 2.5
"""How much the ratio of width and height counts, and that of a shape that is no letter but a word."""
_LIKE = ((0.2, 0.55), (0.35, 0.33))
"""Differences of two shapes that are alike, each with the share of the difference from the letter that a file names
below which another one is clearly more alike."""
_LIKE_A_SIGN = 0.25
_MIN_FALSE, _FALSE_SHARE = 4, 0.15
"""Latin letters of a font, or of a page, that clearly look like others, in number and share, from which a map is false.
Other scripts have letters of their own that look like Latin ones."""
_CLEAR_SHARE, _FALSE_SHARE_IN_STYLE = 0.5, 0.25
"""Share of letters that look like those that are named, below which a font is in an odd style, and the share of false
ones that it takes there."""
_MIN_FALSE_SIGNS, _FALSE_SHARE_OF_SIGNS = 6, 0.3
_SAMPLES_OF_SIGNS = 12
"""Places at which a sign is looked at that is no Latin letter: many letters may be called by one of them."""
_MAX_COMPARED = 3_000
COMPARED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_STYLES = (
    "Helvetica", "Helvetica-Bold", "Helvetica-Oblique", "Times-Roman", "Times-Bold", "Times-Italic",
    "Courier", "Courier-Bold", "Courier-Oblique",
)  # fmt: skip
_ALIKE = tuple(map(frozenset, (
    "iltfrIjJTL17!|/\\[](){}'`,.:;-_~=+^*\"", "oO0QD()@θσф", "sS5$8", "zZ2г", "bB86вβб", "gq9д", "uUvVyYνυγμий", "EF",
    "cC(", "nhηп", "a@α", "rTгτ", "hHн", "mMмт", "kKкκ", "wWωшщ", "pPρ", "xXχ",
)))  # fmt: skip
"""Letters and signs that look alike in many fonts."""

_Numbers = npt.NDArray[np.float64]


class SeenPage:
    """The drawn page with the places of its letters. `boxes` has their left, top, right and bottom in pixels."""

    def __init__(self, page: Any, text_page: Any) -> None:
        longest = max(*page.get_size(), 1.0)
        self._scale = min(max(_SCALE, _FEWEST_PIXELS / longest), _MOST_PIXELS / longest)
        self.levels = self.draw(page)
        self.codes, boxes = _boxes(text_page)
        self._matrix, origin = _to_the_drawing(page, self.levels.shape)
        corners = np.stack([boxes[:, (0, 2)] @ self._matrix, boxes[:, (1, 3)] @ self._matrix]) + origin
        self.boxes = np.concatenate([corners.min(axis=0), corners.max(axis=0)], axis=1)
        self._page, self._text_page = page, text_page

    def draw(self, page: Any) -> npt.NDArray[np.uint8]:
        """The levels of gray of a page."""
        bitmap = page.render(scale=self._scale, grayscale=True).to_numpy()
        levels: npt.NDArray[np.uint8] = bitmap[:, :, 0] if bitmap.ndim == 3 else bitmap
        return levels

    def unseen(self) -> frozenset[int]:
        """The numbers of the letters that are not seen where they should be."""
        if not len(self.codes):
            return frozenset()
        found = _edges(self.levels)
        height, width = found.shape
        left, top, right, bottom = self.boxes.T / _SQUARE
        side = np.maximum(right - left, bottom - top) * _SQUARE
        is_written = (self.codes > 0x20) & (self.codes != 0xA0) & ((side >= _MIN_SIDE) | (side < _NO_SIDE))
        inside = _INSIDE * (right - left)
        columns = np.clip(
            np.stack([np.floor(left + inside), np.maximum(np.floor(right - inside), np.floor(left + inside)) + 1]),
            0,
            width,
        ).astype(int)
        rows = np.clip(np.stack([np.floor(top), np.floor(bottom) + 1]), 0, height).astype(int)
        edges = np.zeros((height + 1, width + 1), dtype=np.int32)
        edges[1:, 1:] = found
        np.cumsum(edges, axis=0, out=edges)
        np.cumsum(edges, axis=1, out=edges)
        count = edges[rows[1], columns[1]] - edges[rows[0], columns[1]] - edges[rows[1], columns[0]]
        count += edges[rows[0], columns[0]]
        unseen = set(np.nonzero(is_written & (count == 0))[0].tolist())
        if pairs := letters_over_others(self.boxes, self.codes):
            unseen |= covered_letters(self._page, self._text_page, self, pairs)
        return frozenset(unseen)

    def looks_otherwise(self) -> bool:
        """Whether letters clearly look like other ones than those that the file names."""
        picked, fonts = _first_of_each(self._text_page, self.codes, self._matrix)
        if not picked:
            return False
        boxes = self.boxes[picked]
        for at, number in enumerate(picked):
            if fonts[number] < 0:  # a program, whose box says little
                boxes[at] = self._ink(boxes[at])
        kept = boxes[:, 3] - boxes[:, 1] >= _MIN_PIXELS
        numbers = [number for number, is_kept in zip(picked, kept, strict=True) if is_kept]
        if not numbers:
            return False
        wrong: dict[int, list[_Compared]] = {}
        for number, compared in zip(
            numbers, _compare(shapes_in(self.levels, boxes[kept]), self.codes[numbers]), strict=True
        ):
            wrong.setdefault(fonts[number], []).append(compared)
        return any(map(_are_false, (*wrong.values(), [item for items in wrong.values() for item in items])))

    def _ink(self, box: _Numbers) -> _Numbers:
        """The part of a box that has ink."""
        left, top, right, bottom = (max(round(edge), 0) for edge in box.tolist())
        area = self.levels[top : bottom + 1, left : right + 1].astype(np.int16)
        if area.size == 0:
            return box
        ink = np.abs(area - np.median(area)) > 4 * _EDGE
        rows, columns = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
        if not len(rows):
            return np.zeros(4)
        return np.array([left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1], dtype=float)


class _Compared(NamedTuple):
    """Whether a shape is called by a Latin letter, whether it clearly looks like another one, and like that one."""

    is_latin: bool
    is_wrong: bool
    is_clear: bool = False


def _are_false(compared: list[_Compared]) -> bool:
    letters = [item.is_wrong for item in compared if item.is_latin]
    signs = [item.is_wrong for item in compared if not item.is_latin]
    has_odd_style = sum(item.is_clear for item in compared) < _CLEAR_SHARE * len(letters)
    share = _FALSE_SHARE_IN_STYLE if has_odd_style else _FALSE_SHARE
    return sum(letters) >= max(_MIN_FALSE, share * len(letters)) or sum(signs) >= max(
        _MIN_FALSE_SIGNS, _FALSE_SHARE_OF_SIGNS * len(signs)
    )


def _edges(levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """The squares of `_SQUARE` pixels in which levels differ."""
    rows, columns = (size // _SQUARE * _SQUARE for size in levels.shape)
    rest = levels[:rows, :columns]
    parts = [rest[row::_SQUARE, column::_SQUARE] for row in range(_SQUARE) for column in range(_SQUARE)]
    low, high = reduce(np.minimum, parts), reduce(np.maximum, parts)
    found: npt.NDArray[np.bool_] = high - low >= _EDGE
    for first, second in (((slice(None), slice(1, None)), (slice(None), slice(-1))), (slice(1, None), slice(-1))):
        found[second] |= np.maximum(low[first], low[second]) - np.minimum(low[first], low[second]) >= _EDGE
    return found


def _boxes(text_page: Any) -> tuple[npt.NDArray[np.int64], _Numbers]:
    """The codes of the letters of a page, and the left, right, bottom and top edge of each."""
    from pypdfium2 import raw

    count = min(text_page.count_chars(), MAX_LETTERS)
    place = (ctypes.c_double * 4)()
    edges = references(place)
    codes: list[int] = []
    boxes: list[float] = []
    for number in range(count):
        codes.append(raw.FPDFText_GetUnicode(text_page, number))
        raw.FPDFText_GetCharBox(text_page, number, *edges)
        boxes += place
    return np.array(codes, dtype=np.int64), np.array(boxes, dtype=np.float64).reshape(-1, 4)


def _to_the_drawing(page: Any, shape: tuple[int, ...]) -> tuple[_Numbers, _Numbers]:
    """The matrix and the origin of places on the drawing of a page: pages may be turned and cut."""
    from pypdfium2 import raw

    big = 100_000
    points = []
    for x, y in ((0, 0), (100, 0), (0, 100)):
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, big, big, 0, x, y, ctypes.byref(across), ctypes.byref(down))
        points.append((across.value * shape[1] / big, down.value * shape[0] / big))
    origin, first, second = map(np.array, points)
    return np.array([(first - origin) / 100, (second - origin) / 100]), origin


def _is_upright(text_page: Any, number: int, to_drawing: _Numbers) -> bool:
    """Whether a letter stands upright on the drawing, and is not mirrored."""
    from pypdfium2 import raw

    found = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(text_page, number, ctypes.byref(found))
    sign = -1 if raw.FPDFText_GetFontSize(text_page, number) < 0 else 1
    along, up = sign * np.array([(found.a, found.b), (found.c, found.d)]) @ to_drawing
    return bool(along[0] > 0 and abs(along[1]) < _LEVEL * along[0] and up[1] < 0)


def _first_of_each(
    text_page: Any, codes: npt.NDArray[np.int64], to_drawing: _Numbers
) -> tuple[list[int], Mapping[int, int]]:
    """The numbers of the first letters of each kind in each font, and their fonts; below zero if they are programs."""
    from pypdfium2 import raw

    seen: Counter[tuple[int, int]] = Counter()
    fonts: dict[int, int] = {}
    of_items: dict[int, int] = {}
    for number, code in enumerate(codes.tolist()):
        if code == 0x20 or seen.total() > _MAX_COMPARED:
            continue
        item = raw.FPDFText_GetTextObject(text_page, number)
        if not item:
            continue
        address = ctypes.addressof(item.contents)
        if address not in of_items:
            font = raw.FPDFTextObj_GetFont(item)
            key = ctypes.addressof(font.contents) if font else 0
            of_items[address] = -key if key and is_type_3(font) else key
            if not _is_upright(text_page, number, to_drawing):
                of_items[address] = 0
        key = of_items[address]
        if key and seen[key, code] < (1 if chr(code) in COMPARED else _SAMPLES_OF_SIGNS):
            seen[key, code] += 1
            fonts[number] = key
    return list(fonts), fonts


def shapes_in(levels: npt.NDArray[np.uint8], boxes: _Numbers) -> _Numbers:
    """The ink in the boxes on a grid, as a share of the darkest place of each, with the ratio of width and height."""
    cells, ground = np.empty((len(boxes), _GRID**2)), np.empty(len(boxes))
    for at, (left, top, right, bottom) in enumerate(boxes.tolist()):
        first_row, first_column = max(int(top - _AROUND), 0), max(int(left - _AROUND), 0)
        area = levels[first_row : int(bottom + _AROUND) + 1, first_column : int(right + _AROUND) + 1]
        rows = _shares(top - first_row, bottom - first_row, area.shape[0])
        columns = _shares(left - first_column, right - first_column, area.shape[1])
        cells[at] = (rows @ area @ columns.T).ravel()
        ring = max(area.size - (right - left) * (bottom - top), 1.0)
        ground[at] = (float(area.sum()) - cells[at].mean() * (area.size - ring)) / ring
    wide, high = (np.maximum(boxes[:, 2 + axis] - boxes[:, axis], 0.5) for axis in (0, 1))
    low, most = cells.min(axis=1), cells.max(axis=1)
    is_dark = np.abs(ground - most) < np.abs(ground - low)
    ink = np.where(is_dark[:, None], most[:, None] - cells, cells - low[:, None]).reshape(-1, _GRID, _GRID)
    for axis in (1, 2, 1, 2):  # thin lines may fall into either of two cells
        ink = (np.roll(ink, 1, axis) + 2 * ink + np.roll(ink, -1, axis)) / 4
    ink = ink.reshape(len(boxes), -1)
    ink -= ink.mean(axis=1)[:, None]
    length = np.sqrt((ink**2).sum(axis=1))
    ink /= np.maximum(length, 1)[:, None]
    aspect = _ASPECT * np.clip(np.log(wide / high), -2, 2)
    return np.concatenate([ink, aspect[:, None]], axis=1)


def _shares(first: float, last: float, size: int) -> _Numbers:
    """The share that each of so many pixels has in each cell of the grid between two places, also between pixels."""
    edges = np.linspace(first, max(last, first + 0.5), _GRID + 1)
    pixels = np.arange(size)
    shares = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    found: _Numbers = np.maximum(shares, 0) / (edges[1] - edges[0])
    return found


def _compare(shapes: _Numbers, codes: npt.NDArray[np.int64]) -> Iterator[_Compared]:
    """For each shape whether it clearly looks like another letter than the one that is named."""
    for shape, row, code in zip(shapes, differences(shapes), codes.tolist(), strict=True):
        own = [at for at, letter in enumerate(COMPARED) if letter in like_letters(chr(code))]
        named = float(row[own].min()) if own else None
        row[own] = np.inf
        other = float(row.min())
        if named is None:
            is_blank = category(chr(code)) in ("Zs", "Cf", "Cc")
            yield _Compared(False, is_blank or other < _LIKE_A_SIGN)
            continue
        is_word = chr(code) in COMPARED and shape[-1] > _ASPECT * np.log(_WIDE)
        is_other = any(other < most and other < share * named for most, share in _LIKE)
        yield _Compared(True, bool(is_word or is_other), named < min(other, _LIKE[-1][0]))


def differences(shapes: _Numbers) -> _Numbers:
    """How much each shape differs from each letter, in the style of it that is most alike."""
    known = _standard_shapes()
    squares = (shapes**2).sum(axis=1)[:, None] + (known**2).sum(axis=1)[None, :] - 2 * shapes @ known.T
    found: _Numbers = squares.reshape(len(shapes), -1, len(COMPARED)).min(axis=1)
    return found


@cache
def like_letters(letter: str) -> frozenset[str]:
    """The letters that a letter may look like, in both cases."""
    plain = {form for sign in plain_letters(letter) or letter for form in (sign, sign.lower(), sign.upper())}
    return frozenset(plain.union(*(kind for kind in _ALIKE if not kind.isdisjoint(plain))))


@cache
def _standard_shapes() -> _Numbers:
    """The shapes of all letters in the standard fonts, style by style."""
    import pypdfium2

    document = pypdfium2.PdfDocument(_page_of_letters())
    try:
        page = document[0]
        text_page = page.get_textpage()
        seen = SeenPage(page, text_page)
        written = seen.codes > 0x20
        shapes = shapes_in(seen.levels, seen.boxes[written])
        text_page.close()
        page.close()
    finally:
        document.close()
    return shapes


def _page_of_letters() -> bytes:
    drawing = "".join(
        f"BT /F{number} 24 Tf 1 0 0 1 {20 + 40 * (at % 26)} {40 + 80 * number + 40 * (at // 26)} Tm ({letter}) Tj ET "
        for number in range(len(_STYLES))
        for at, letter in enumerate(COMPARED)
    )
    fonts = "".join(f"/F{number}<</Type/Font/Subtype/Type1/BaseFont/{name}>>" for number, name in enumerate(_STYLES))
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 1080 800]/Contents 4 0 R/Resources<</Font<<{fonts}>>>>>>",
        f"<</Length {len(drawing)}>>stream\n{drawing}\nendstream",
    )
    body = "".join(f"{number} 0 obj\n{item}\nendobj\n" for number, item in enumerate(objects, start=1))
    return f"%PDF-1.4\n{body}trailer<</Size 5/Root 1 0 R>>\n%%EOF".encode()
