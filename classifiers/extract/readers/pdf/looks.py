"""How the texts of a PDF page look: what those say that have another font, size, color or height than the others."""

from __future__ import annotations

import ctypes
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from classifiers.extract.readers.orders.looks import TextsByLook
from gateway.core.mime.drawn_text.looks import Look, LookRows

_MAX_TEXTS, _MAX_LENGTH = 4_000, 2_000
"""Texts of a page that are looked at, and code units of each that are read."""
_SAME_LINE, _LEVEL = 0.8, 0.08
"""Sizes of letters by which texts of one line may stand higher, and up to which they stand at one height."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What the texts of a page say that look alike, and unlike the usual ones, and whether they draw letters."""

    sentences: tuple[str, ...] = ()
    draws_letters: bool = False


def marked_texts(items: Sequence[Any], text_page: Any) -> Marked:
    """Read the texts of a page by how they look."""
    lines = [_line_of(item.raw) for item in items[:_MAX_TEXTS]]
    rises = _rises(lines)
    looks = [(_look(item.raw), rise) for item, rise in zip(items, rises, strict=False)]
    if len(set(looks)) < 2:
        return Marked()
    texts, rows = TextsByLook(), LookRows()
    height = lines[0][0]
    for look, (line, _), item in zip(looks, lines, items, strict=False):
        text = _text(item.raw, text_page)
        texts.add_piece(look, f"{text} ")
        if line != height:
            rows.end_row()
            height = line
        rows.add(text or " ", Look(f"{at} {part}" for at, part in enumerate(look[0])))
    return Marked(tuple(texts.sentences()), rows.draw_letters())


def _line_of(item: Any) -> tuple[float, float]:
    """The height of the line of a text on the page, and the size of its letters."""
    from pypdfium2 import raw

    size = ctypes.c_float()
    raw.FPDFTextObj_GetFontSize(item, ctypes.byref(size))
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(item, ctypes.byref(matrix))
    return matrix.f, abs(size.value * (matrix.d or matrix.b))


def _rises(lines: Sequence[tuple[float, float]]) -> list[bool]:
    """Whether each text stands higher than the lowest one of its line."""
    found: list[bool] = []
    at = 0
    while at < len(lines):
        (first, size), end = lines[at], at + 1
        while end < len(lines) and abs(lines[end][0] - first) < _SAME_LINE * size:
            end += 1
        heights = [height for height, _ in lines[at:end]]
        lowest = min(heights)
        found += [height - lowest > _LEVEL * size for height in heights]
        at = end
    return found


def _look(item: Any) -> tuple[Hashable, ...]:
    """The font, size and ink of a text."""
    from pypdfium2 import raw

    size = ctypes.c_float()
    raw.FPDFTextObj_GetFontSize(item, ctypes.byref(size))
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(item, ctypes.byref(matrix))
    font = raw.FPDFTextObj_GetFont(item)
    levels = [ctypes.c_uint() for _ in range(4)]
    raw.FPDFPageObj_GetFillColor(item, *map(ctypes.byref, levels))
    return (
        ctypes.addressof(font.contents) if font else 0,
        round(abs(size.value * (matrix.d or matrix.b)), 1),
        raw.FPDFTextObj_GetTextRenderMode(item),
        *(level.value for level in levels),
    )


def _text(item: Any, text_page: Any) -> str:
    from pypdfium2 import raw

    size = min(raw.FPDFTextObj_GetText(item, text_page, None, 0), 2 * _MAX_LENGTH)  # in bytes
    letters = (ctypes.c_ushort * (size // 2 + 1))()
    raw.FPDFTextObj_GetText(item, text_page, letters, size)
    return bytes(letters).decode("utf-16-le", "replace").partition("\0")[0]
