"""Texts on a page of a PDF that are turned by any angle: they are turned back, to be read as level lines.

PDFium reads turned letters in the order in which they are drawn. A person reads them by their places.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_LEVEL = 0.6
"""Degrees by which a level line may rise."""
_RISE = 0.01
_MAX_ANGLES, _MAX_ITEMS = 24, 10_000
_MARGIN = 20.0

_Matrix = npt.NDArray[np.float64]


def turn_back(page: Any, items: Sequence[Any]) -> float:
    """Move the turned texts of a page above it, as level lines. Returns from which height they are; 0 if none are.

    `items` are the texts of the page.
    """
    from pypdfium2 import raw

    groups: dict[int, list[tuple[Any, _Matrix, _Matrix, float]]] = {}
    for item in items[:_MAX_ITEMS]:
        if item.container is None and _is_upright(item.raw):
            continue  # nearly every text: arrays of numbers would cost more than the rest of the page
        around = _matrix_around(item)
        matrix = _matrix_of(item.raw) @ around
        if _font_size(item.raw) < 0:  # upside down on a matrix that is upside down as well
            matrix[:2] *= -1
        angle = math.degrees(math.atan2(matrix[0, 1], matrix[0, 0]))
        if abs(angle) > _LEVEL and np.linalg.det(matrix) > 0:
            groups.setdefault(round(angle), []).append((item.raw, matrix, around, angle))
    if not groups:
        return 0.0
    width, height = page.get_size()
    top = start = height + _MARGIN
    for _, group in sorted(groups.items(), key=lambda found: -len(found[1]))[:_MAX_ANGLES]:
        turn = _turned_by(-group[0][3])
        places = np.array([matrix[2] @ turn for _, matrix, _, _ in group])
        left, bottom = places[:, 0].min(), places[:, 1].min()
        size = max(math.hypot(*matrix[0, :2]) * abs(_font_size(item)) for item, matrix, _, _ in group)
        turn = turn @ _moved_by(_MARGIN - left, top + size - bottom)
        for item, _, around, _ in group:
            local = around @ turn @ np.linalg.inv(around)
            numbers = [float(local[row, column]) for row in range(3) for column in range(2)]
            raw.FPDFPageObj_Transform(item, *numbers)
            raw.FPDFPageObj_TransformClipPath(item, *numbers)
        top += float(places[:, 1].max() - bottom) + 3 * size
        width = max(width, float(places[:, 0].max() - left) + 4 * _MARGIN + 60 * size)
    page.set_mediabox(0, 0, width, top)
    page.set_cropbox(0, 0, width, top)
    return float(start)


def is_turned(item: Any) -> bool:
    """Whether a text is not level."""
    found = _numbers_of(item)
    return bool(abs(found.b) > _RISE * abs(found.a))


def _is_upright(item: Any) -> bool:
    """Whether a text is level for certain and not upside down, by its own matrix."""
    found = _numbers_of(item)
    return bool(found.a > 0 and abs(found.b) <= _RISE * found.a and _font_size(item) > 0)


def _font_size(item: Any) -> float:
    from pypdfium2 import raw

    size = ctypes.c_float()
    raw.FPDFTextObj_GetFontSize(item, ctypes.byref(size))
    return size.value or 1.0


def _numbers_of(item: Any) -> Any:
    from pypdfium2 import raw

    found = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(item, ctypes.byref(found))
    return found


def _matrix_of(item: Any) -> _Matrix:
    """The matrix of an object; rows are multiplied from the left."""
    found = _numbers_of(item)
    return np.array([[found.a, found.b, 0.0], [found.c, found.d, 0.0], [found.e, found.f, 1.0]])


def _matrix_around(item: Any) -> _Matrix:
    """The matrix of the forms that an object is in."""
    matrix = np.eye(3)
    for form in _forms_around(item):
        matrix = matrix @ _matrix_of(form.raw)
    return matrix if abs(np.linalg.det(matrix)) > 1e-9 else np.eye(3)


def _forms_around(item: Any) -> Iterator[Any]:
    form = item.container
    while form is not None:
        yield form
        form = form.container


def _turned_by(degrees: float) -> _Matrix:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _moved_by(x: float, y: float) -> _Matrix:
    return np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [x, y, 1.0]])
