"""Whether the letters of a page of a PDF are drawn as the file says that they are.

A font may map its shapes to any letters. The program that reads a page believes the map; a person sees the shapes. The
height of a shape tells much of a letter: b, d and l reach higher than a, c and e, and g, p and y reach below the line.
A letter has one shape in a font, and a blank has none. Capitals are of one height, but an I is narrower than others, an
M and a W are wider, and an E, F, L and S are narrower than a D, G, O and Q. A false map breaks these rules at once; a
true one never does, whatever the font. The shapes of fonts with outlines are asked for; those of Type 3 fonts, which
are small programs, are measured on the drawn page.
"""

from __future__ import annotations

import ctypes
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

MAX_LETTERS = 40_000
"""Letters of a page that are looked at."""
_LOW, _HIGH, _DEEP = frozenset("acemnorsuvwxz"), frozenset("bdfhkl"), frozenset("gpqy")
_NARROWER = (
    (frozenset("i"), frozenset("abcdefghklmnopqrstuvwxyz")),
    (frozenset("abcdefghiklnopqrstuvxyz"), frozenset("mw")),
    (frozenset("eflps"), frozenset("dghnoq")),
    (frozenset("efl"), frozenset("akvx")),
)
"""Capitals, each time with those that are wider."""
_MIN_WIDTHS, _SAME_WIDTH = 10, 0.03
"""Capitals whose widths are compared, and sizes of a font within which two widths are the same."""
_MIN_WRONG_WIDTHS, _WRONG_WIDTHS_SHARE, _EVEN = 6, 0.2, 0.4
"""Pairs of capitals whose widths are the wrong way round, in number and share, from which a map is false. The widths of
a typewriter's letters tell less; they differ by so many sizes of the font at most."""
_JOINED = frozenset("filthFTL ")
"""Letters that share a shape with others in ligatures."""
_LAST_CODE = 0x52F
"""The last code of Latin, Greek and Cyrillic letters."""
_STEP, _SPREAD, _SPREAD_OF_SMALL = 0.04, 0.1, 0.18
"""Sizes of a font by which heights differ at least between two kinds of letters, over all letters, and small ones."""
_SAME, _SAME_DRAWN = 0.05, 0.1
"""Sizes of a font within which two shapes are the same one."""
_CLEAN_SHARE, _MIN_DRAWN = 0.6, 3
"""Share of a letter's places on a drawn page that have one shape, and places of a letter that is looked at there."""
_CAPITAL, _MAX_DEPTH = 0.12, -0.2
"""How far small capitals may be from the height of capitals, and below the line."""
_MIN_WRONG, _WRONG_SHARE = 8, 0.4
"""Pairs of letters whose heights are the wrong way round, in number and share, from which a map is false."""
_MIN_UNNAMED, _MIN_RIGHT = 6, 8
"""Letters that a file does not name, and pairs of the right heights that show that they are those of the text."""
_VOWELS, _SIGNS, _WORD_SHARE = frozenset("aeiouyáéíóúäöü"), ".,;:!?'\"()-", 0.6
_RAISED, _RAISED_HEIGHT = 0.15, 0.85
"""How far a raised shape stands above the line, and its height at most, as a share of the usual one."""
_MIN_SEVERAL = 4
"""Letters with several shapes from which a map is false."""
_MIN_INK, _MIN_BLANKS, _INK_SHARE = 0.15, 2, 0.25
"""Height of a blank with a shape, and such blanks, in number and share, from which a map is false."""
_MAX_SHAPES = 30
_MIN_SIZE = 1.0
"""Square points of the size of a font from which a person can read it."""
_SCALE, _MAX_PIXELS = 3.0, 3_600
"""Pixels for each point of a drawn page, and of its longer side."""
_MIN_PIXELS = 9.0
_CONTRAST = 70
_ABOVE, _BELOW, _MAX_ADVANCE, _AROUND = 1.0, 0.3, 1.5, 10
"""Where the ink of a letter is looked for, in sizes of its font, and the pixels around it that tell its ground."""
_LEVEL = 0.02
"""How much a line may rise."""

Shape = tuple[float, float, float]
"""The lower and the upper edge of a letter from its line, and its width, in sizes of its font."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter of a page: its code, its font, its place, and the size of its font on the page."""

    code: int
    font: int
    number: int
    x: float
    y: float
    size: float
    is_level: bool


@dataclass(slots=True)
class _Font:
    """The shapes of the letters of a font, with how often each was drawn."""

    shapes: defaultdict[str, Counter[Shape]] = field(default_factory=lambda: defaultdict(Counter))
    unnamed: int = 0
    """Letters of which the file does not say what they are; PDFium guesses that their numbers are codes."""
    text: list[str] = field(default_factory=list)
    """What is drawn with such letters."""
    is_drawn: bool = False
    """Whether the shapes are measured on the page, where other things may be near."""


def are_drawn_otherwise(page: Any, text_page: Any) -> bool:
    """Whether letters of a page are drawn as other ones than the file says."""
    fonts, programs = _fonts(text_page)
    if programs:
        fonts += _drawn_fonts(page, programs)
    right = wrong = 0
    for font in fonts:
        if _has_several(font) or _has_inked_blanks(font) or _has_wrong_widths(font):
            return True
        in_order, out_of_order = _heights(font)
        if _is_wrong(in_order, out_of_order) or (in_order < _MIN_RIGHT and _is_guessed_wrong(font)):
            return True
        right, wrong = right + in_order, wrong + out_of_order
    return _is_wrong(right, wrong)


def _is_wrong(right: int, wrong: int) -> bool:
    return wrong >= _MIN_WRONG and wrong > _WRONG_SHARE * (right + wrong)


def _is_guessed_wrong(font: _Font) -> bool:
    """Whether letters that the file does not name are no words."""
    words = "".join(font.text).split()
    like_words = sum(word.strip(_SIGNS).isalpha() and not _VOWELS.isdisjoint(word.lower()) for word in words)
    return font.unnamed >= _MIN_UNNAMED and like_words < _WORD_SHARE * len(words)


def _fonts(text_page: Any) -> tuple[list[_Font], list[_Letter]]:
    """The fonts of a page with the shapes of their outlines, and the letters of Type 3 fonts."""
    from pypdfium2 import raw

    fonts: defaultdict[int, _Font] = defaultdict(_Font)
    programs: list[_Letter] = []
    edges, origin, matrix = (ctypes.c_double * 4)(), (ctypes.c_double * 2)(), raw.FS_MATRIX()
    places, origins = references(edges), references(origin)
    is_program: dict[int, bool] = {}
    last = key = 0
    size, stretch, turn = 1.0, 0.0, 0.0
    for number in range(min(text_page.count_chars(), MAX_LETTERS)):
        code = raw.FPDFText_GetUnicode(text_page, number)
        item = raw.FPDFText_GetTextObject(text_page, number) if 0x20 <= code <= _LAST_CODE else None
        if not item or (code == 0x20 and raw.FPDFText_IsGenerated(text_page, number) == 1):
            continue
        is_first = (address := ctypes.addressof(item.contents)) != last
        if is_first:
            last = address
            font = raw.FPDFTextObj_GetFont(item)
            key = ctypes.addressof(font.contents) if font else 0
            if key and key not in is_program:
                is_program[key] = is_type_3(font)
            raw.FPDFText_GetMatrix(text_page, number, ctypes.byref(matrix))
            size = raw.FPDFText_GetFontSize(text_page, number) or 1.0
            if size < 0:  # drawn upside down, as a rule on a matrix that is upside down as well
                size, matrix.a, matrix.b, matrix.c, matrix.d = -size, -matrix.a, -matrix.b, -matrix.c, -matrix.d
            stretch = matrix.a * matrix.d - matrix.b * matrix.c
            turn = abs(matrix.a * matrix.d) - abs(matrix.b * matrix.c)
        if not key or size * size * abs(stretch) < _MIN_SIZE or abs(turn) < 0.2 * abs(stretch):
            continue  # too small to read, or half a turn to the right, so that its box says little
        if is_first or matrix.b or is_program[key]:
            raw.FPDFText_GetCharOrigin(text_page, number, *origins)
        if is_program[key]:
            is_level = matrix.a > 0 and matrix.d > 0 and abs(matrix.b) < _LEVEL * matrix.a
            programs.append(_Letter(code, key, number, origin[0], origin[1], size * abs(matrix.d), is_level))
            continue
        raw.FPDFText_GetCharBox(text_page, number, *places)
        left, right, bottom, top = edges
        width, height = right - left, top - bottom
        x, y = ((left + right) / 2 - origin[0] if matrix.b else 0.0), (bottom + top) / 2 - origin[1]
        middle = (matrix.a * y - matrix.b * x) / stretch
        half = (abs(matrix.a) * height - abs(matrix.b) * width) / turn / 2
        wide = (abs(matrix.d) * width - abs(matrix.c) * height) / turn
        shape = round((middle - half) / size, 2), round((middle + half) / size, 2), round(wide / size, 2)
        found, letter = fonts[key], chr(code)
        if letter not in found.shapes:
            found.unnamed += raw.FPDFText_HasUnicodeMapError(text_page, number) == 1
        found.shapes[letter][shape] += 1
        if found.unnamed:
            found.text.append(letter)
    return list(fonts.values()), programs


def references(numbers: Any) -> list[Any]:
    """Where PDFium writes the numbers of an array, which is read at once."""
    size = ctypes.sizeof(ctypes.c_double)
    return [ctypes.byref(ctypes.c_double.from_buffer(numbers, at * size)) for at in range(len(numbers))]


def is_type_3(font: Any) -> bool:
    """Whether a font has no data of its own, as Type 3 fonts have none."""
    from pypdfium2 import raw

    size = ctypes.c_size_t()
    return bool(raw.FPDFFont_GetFontData(font, None, 0, ctypes.byref(size))) and size.value == 0


def _drawn_fonts(page: Any, letters: list[_Letter]) -> list[_Font]:
    """The shapes of letters as they are on the drawn page."""
    scale = min(_SCALE, _MAX_PIXELS / max(*page.get_size(), 1.0))
    bitmap = page.render(scale=scale, grayscale=True).to_numpy()
    image = bitmap[:, :, 0] if bitmap.ndim == 3 else bitmap
    fonts: defaultdict[int, _Font] = defaultdict(partial(_Font, is_drawn=True))
    for letter, following in _pairs(letters):
        if letter.size * scale < _MIN_PIXELS:
            continue
        line = image.shape[0] - letter.y * scale
        top, bottom = max(int(line - _ABOVE * letter.size * scale), 0), int(line + _BELOW * letter.size * scale)
        left, right = max(round(letter.x * scale), 0), round(following.x * scale)
        area = image[top : max(bottom, 0), left : max(right, 0)]
        if area.size == 0:
            continue
        ground = int(np.median(image[top:bottom, max(left - _AROUND, 0) : right + _AROUND]))
        ink = np.abs(area.astype(np.int16) - ground) > _CONTRAST
        rows, columns = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
        shape = (0.0, 0.0, 0.0)
        if len(rows):
            size = letter.size * scale
            shape = (
                round((line - top - float(rows[-1]) - 1) / size, 2), round((line - top - float(rows[0])) / size, 2),
                round(float(columns[-1] - columns[0] + 1) / size, 2),
            )  # fmt: skip
        fonts[letter.font].shapes[chr(letter.code)][shape] += 1
    return list(fonts.values())


def _pairs(letters: list[_Letter]) -> Iterator[tuple[_Letter, _Letter]]:
    """Letters in level lines, each with the one after it."""
    for letter, following in pairwise(letters):
        is_next = following.number == letter.number + 1 and abs(following.y - letter.y) < 0.5
        if letter.is_level and is_next and 0 < following.x - letter.x < _MAX_ADVANCE * letter.size:
            yield letter, following


def _kinds(shapes: Counter[Shape], is_drawn: bool) -> list[Shape]:
    """The different shapes of a letter, the most frequent one first; only that one if near things explain the rest."""
    found: dict[Shape, int] = {}
    tolerance = _SAME_DRAWN if is_drawn else _SAME
    for shape, count in shapes.most_common(_MAX_SHAPES):
        same = next((other for other in found if _is_same(shape, other, tolerance)), shape)
        found[same] = found.get(same, 0) + count
    kinds = sorted(found, key=lambda shape: -found[shape])
    if is_drawn and found[kinds[0]] >= _CLEAN_SHARE * shapes.total():
        return kinds[:1]
    return kinds


def _is_same(shape: Shape, other: Shape, tolerance: float) -> bool:
    return all(abs(edge - edge_of_other) <= tolerance for edge, edge_of_other in zip(shape, other, strict=True))


def _is_raised(shape: Shape, usual: Shape) -> bool:
    """Whether a shape is that of a footnote's number or of an ordinal, which many files call by the plain letter."""
    return shape[0] > usual[0] + _RAISED and shape[1] - shape[0] < _RAISED_HEIGHT * (usual[1] - usual[0])


def _has_several(font: _Font) -> bool:
    """Whether several letters have several shapes. A small one may have that of its capital, any a small raised one."""
    kinds = {
        letter: _kinds(shapes, font.is_drawn)
        for letter, shapes in font.shapes.items()
        if letter not in _JOINED and shapes.total() >= (_MIN_DRAWN if font.is_drawn else 1)
    }
    capital = max((shapes[0][1] for letter, shapes in kinds.items() if letter in _HIGH or letter.isupper()), default=0)
    several = 0
    for letter, shapes in kinds.items():
        raised = [shape for shape in shapes if any(_is_raised(shape, usual) for usual in shapes)]
        others = [shape for shape in shapes if shape not in raised[:1]][1:]
        if others and letter.islower():
            capitals = [shape for shape in others if abs(shape[1] - capital) < _CAPITAL and shape[0] > _MAX_DEPTH]
            others = [shape for shape in others if shape not in capitals[:1]]
        several += bool(others)
    return several >= _MIN_SEVERAL


def _has_inked_blanks(font: _Font) -> bool:
    blanks = Counter[Shape]() if font.is_drawn else font.shapes.get(" ", Counter())
    inked = sum(count for (bottom, top, _), count in blanks.items() if top - bottom > _MIN_INK)
    return inked >= _MIN_BLANKS and inked >= _INK_SHARE * blanks.total()


def _heights(font: _Font) -> tuple[int, int]:
    """How many pairs of letters differ in height as they should, and how many do not. Capitals all have one height.

    What the file calls capitals is looked at only if its heights differ as much as those of small letters.
    """
    right = wrong = 0
    for is_case, spread in ((str.islower, _SPREAD), (str.isupper, _SPREAD_OF_SMALL)):
        edges = _shapes_of(font, is_case)
        tops = [top for _, top, _ in edges.values()]
        if not edges or max(tops) - min(tops) <= spread:
            continue
        low, high, deep = (
            [edges[letter] for letter in sorted(kind & edges.keys())] for kind in (_LOW, _HIGH, _DEEP)
        )  # fmt: skip
        checks = [tall[1] > short[1] + _STEP for tall in high for short in low]
        checks += [below[0] < other[0] - _STEP for below in deep for other in (*low, *high)]
        right, wrong = right + sum(checks), wrong + len(checks) - sum(checks)
    return right, wrong


def _shapes_of(font: _Font, is_case: Callable[[str], bool]) -> dict[str, Shape]:
    """The shapes of the letters that a file calls capitals, or small ones, by the small letters."""
    return {
        letter.lower(): _kinds(shapes, font.is_drawn)[0]
        for letter, shapes in font.shapes.items()
        if letter.isascii() and is_case(letter)
    }


def _has_wrong_widths(font: _Font) -> bool:
    """Whether letters that are drawn as capitals differ in width as other letters do."""
    for is_case in (str.isupper, str.islower):
        shapes = {letter: shape for letter, shape in _shapes_of(font, is_case).items() if letter not in "jq"}
        tops, lowest = [top for _, top, _ in shapes.values()], min((shape[0] for shape in shapes.values()), default=0.0)
        if len(shapes) < _MIN_WIDTHS or max(tops) - min(tops) > _SPREAD or lowest < _MAX_DEPTH:
            continue
        widths = {letter: width for letter, (_, _, width) in shapes.items()}
        gaps = [
            widths[wider] - widths[narrower]
            for narrow, wide in _NARROWER
            for narrower in narrow & widths.keys()
            for wider in wide & widths.keys()
        ]
        right, wrong = sum(gap > _SAME_WIDTH for gap in gaps), sum(gap < -_SAME_WIDTH for gap in gaps)
        is_even = max(widths.values()) - min(widths.values()) < _EVEN
        least, share = (_MIN_WRONG, _WRONG_SHARE) if is_even else (_MIN_WRONG_WIDTHS, _WRONG_WIDTHS_SHARE)
        if wrong >= least and wrong > share * (right + wrong):
            return True
    return False
