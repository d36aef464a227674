"""Pictures on a page of a PDF, and lines, shapes and clips that may be letters."""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from classifiers.extract.parser_errors import PARSER_ERRORS
from classifiers.extract.readers.pdf.places import MAX_NESTED, Box, box_of
from classifiers.extract.readers.reading import PICTURED, FileContent
from classifiers.extract.readers.writing import letters_at_most

Picture = Callable[[bytes], bool]
"""Reads a picture of a page; returns whether its words were read, or it has none."""

_MIN_SHAPE_SEGMENTS = 8
"""Segments of a shape from which it may be a letter drawn as an outline."""
_MIN_CLIP_SEGMENTS = 10
"""The same of an area that something is cut to: rectangles with round corners have nine."""
_SEGMENTS_OF_LETTER = 24
"""Segments of a shape for each of the letters that it may be."""
_MIN_SEGMENTS = 150
"""Segments of a shape from which it may be several letters."""
_MIN_SHAPES = 12
_MIN_STROKES = 100
"""Short lines or squares from which they may be letters. Lines along the edges of a page are those of tables."""
_MIN_STROKE, _MAX_STROKE = 0.4, 40.0
_STICKS = range(3, 8)
"""Segments of a line that counts twice, unless it is a box: a letter may be one such line."""
_MIN_DASHES = 8
"""Lengths in a pattern of dashes from which each counts: rows of them draw letters."""
_MIN_TILES = 20
_MIN_PICTURE = 32
_MIN_LETTERS = 14
"""Letters that different tiny pictures may show together (`letters_at_most`) from which they may be words."""
_PATH, _IMAGE, _SHADING = 2, 3, 4
_SEGMENT = re.compile(rb"[\d.]\s{1,8}(?:[lcvy]|re)(?=\s|$)")


class DrawnShapes:
    """Counts the lines, the shapes and the tiny pictures of a page that may be letters."""

    def __init__(self) -> None:
        self._shapes = self._strokes = self._letters = 0
        self._tiles: dict[bytes, int] = {}
        self._last: Box = (0.0, 0.0, 0.0, 0.0)
        self._clip = 0

    def add_path(self, item: Any) -> None:
        """Add a path."""
        from pypdfium2 import raw

        segments = raw.FPDFPath_CountSegments(item)
        if segments >= _MIN_SHAPE_SEGMENTS:
            self._shapes += _letters_at_most(segments)
        elif (box := box_of(item)) is not None:
            short, long = sorted((box[2] - box[0], box[3] - box[1]))
            is_stroke = short >= _MIN_STROKE and long <= _MAX_STROKE
            if is_stroke and not _is_inside(box, self._last) and not _is_inside(self._last, box):
                self._strokes += 2 if segments in _STICKS and not _is_box(item, segments) else 1
            self._last = box
        dashes = raw.FPDFPageObj_GetDashCount(item)
        self._strokes += dashes if dashes >= _MIN_DASHES else 0

    def add_clip(self, item: Any) -> None:
        """Add the shapes that an area or a picture is cut to. Objects in a row mostly share them."""
        from pypdfium2 import raw

        clip = raw.FPDFPageObj_GetClipPath(item)
        paths = raw.FPDFClipPath_CountPaths(clip) if clip else 0
        counts = [raw.FPDFClipPath_CountPathSegments(clip, number) for number in range(min(paths, _MIN_SEGMENTS))]
        if (total := sum(counts)) != self._clip:
            self._clip = total
            self._shapes += sum(_letters_at_most(segments) for segments in counts if segments >= _MIN_CLIP_SEGMENTS)

    def add_tile(self, item: Any) -> None:
        """Add a tiny picture."""
        image = item.get_bitmap().to_pil()
        data = image.tobytes()
        if data not in self._tiles:
            self._letters += letters_at_most(image)
        self._tiles[data] = self._tiles.get(data, 0) + 1

    def may_be_letters(self) -> bool:
        """Whether there are enough of a kind for a sentence."""
        return self._shapes >= _MIN_SHAPES or self._strokes >= _MIN_STROKES or self._tiles_may_be()

    def _tiles_may_be(self) -> bool:
        return sum(self._tiles.values()) >= _MIN_TILES or (len(self._tiles) > 1 and self._letters >= _MIN_LETTERS)


def _letters_at_most(segments: int) -> int:
    return segments // _SEGMENTS_OF_LETTER if segments >= _MIN_SEGMENTS else 1


def _is_inside(inner: Box, outer: Box) -> bool:
    """Whether a box is within another one, as the steps of a shading are."""
    return (
        inner[0] >= outer[0] - 0.1
        and inner[1] >= outer[1] - 0.1
        and inner[2] <= outer[2] + 0.1
        and inner[3] <= outer[3] + 0.1
    )


def _is_box(path: Any, segments: int) -> bool:
    """Whether a path is a box along the edges of the page."""
    from pypdfium2 import raw

    across, down = set(), set()
    x, y = ctypes.c_float(), ctypes.c_float()
    for number in range(segments):
        raw.FPDFPathSegment_GetPoint(raw.FPDFPath_GetPathSegment(path, number), ctypes.byref(x), ctypes.byref(y))
        across.add(round(x.value, 1))
        down.add(round(y.value, 1))
    return len(across) <= 2 and len(down) <= 2


def draws_letters(commands: bytes) -> bool:
    """Whether commands that are no part of a page have enough segments for a sentence."""
    return count_segments(commands) >= _MIN_SHAPES * _SEGMENTS_OF_LETTER


def count_segments(commands: bytes) -> int:
    """The segments of lines and shapes that commands draw."""
    return len(_SEGMENT.findall(commands))


def look_for_pictures(page: Any, content: FileContent, picture: Picture) -> None:
    """Report the pictures and shapes of a page whose words nobody reads."""
    from pypdfium2 import PdfiumError

    shapes = DrawnShapes()
    for item in page.get_objects(max_depth=MAX_NESTED):
        if item.type in (_PATH, _IMAGE, _SHADING):
            shapes.add_clip(item.raw)
        if item.type == _IMAGE and PICTURED not in content.failed:
            width, height = item.get_px_size()
            if max(width, height) < _MIN_PICTURE:
                with suppress(PdfiumError, *PARSER_ERRORS):
                    shapes.add_tile(item)
                continue
            try:
                is_read = _is_read(item, picture)
            except (PdfiumError, *PARSER_ERRORS):
                is_read = False
            if not is_read:
                content.fail(PICTURED, "a picture on a page")
        elif item.type == _PATH:
            shapes.add_path(item)
    if shapes.may_be_letters():
        content.fail(PICTURED, "shapes on a page that may be letters")


def _is_read(item: Any, picture: Picture) -> bool:
    """Whether the words of a picture are read, or it has none. One of a single color may have letters in its mask."""
    from PIL import Image

    image = item.get_bitmap().to_pil().convert("RGB")
    if all(low == high for low, high in image.getextrema()):
        image = item.get_bitmap(render=True).to_pil().convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "gray"), image).convert("RGB")
    out = io.BytesIO()
    image.save(out, "BMP")
    return picture(out.getvalue())
