"""How the texts of a PDF page look: what those say that have another font, size or color than the others."""

from __future__ import annotations

import ctypes
from collections.abc import Hashable, Sequence
from typing import Any

from classifiers.extract.readers.orders.looks import TextsByLook

_MAX_TEXTS, _MAX_LENGTH = 4_000, 2_000
"""Texts of a page that are looked at, and code units of each that are read."""


def marked_sentences(items: Sequence[Any], text_page: Any) -> list[str]:
    """What the texts of a page say that look alike, and unlike the usual ones."""
    looks = [_look(item.raw) for item in items[:_MAX_TEXTS]]
    if len(set(looks)) < 2:
        return []
    texts = TextsByLook()
    for look, item in zip(looks, items, strict=False):
        texts.add_piece(look, f"{_text(item.raw, text_page)} ")
    return list(texts.sentences())


def _look(item: Any) -> Hashable:
    """The font, size, ink and height above the line of a text."""
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
