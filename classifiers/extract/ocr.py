"""Words in pictures, where the optional extra `ocr` is installed; without it pictures are not read.

RapidOCR with its models inside the package: nothing is fetched, nothing leaves the machine. Bounded by pixels, by how
many pictures of a message are read and by the time of its files; a logo that comes again is not read again.
"""

from __future__ import annotations

import io
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from classifiers.extract.parser_errors import BROKEN

MOST = 5
"""Pictures of one message that are read."""

MAX_PIXELS = 25_000_000
SIDE = 1600
"""Pixels of the longer side that are looked at; a larger picture is made smaller."""

SMALLEST = 32
"""Pixels of a side below which a picture is a mark or a counter, and holds no words."""

_SURE = 0.5
_REMEMBERED = 256
_known: OrderedDict[bytes, str] = OrderedDict()

Engine = Callable[[Any], Any]


@cache
def readable() -> bool:
    """Whether pictures are read here."""
    return find_spec("rapidocr_onnxruntime") is not None and find_spec("PIL") is not None


def words(data: bytes, deadline: float) -> tuple[str, tuple[str, ...]]:
    """The text in a picture, line by line, and the words for what could not be read. Never raises."""
    key = sha256(data).digest()
    if key in _known:
        _known.move_to_end(key)
        return _known[key], ()
    if time.monotonic() > deadline:
        return "", ("too_large",)
    try:
        text = _read(data)
    except BROKEN:
        return "", ("unreadable",)
    if text is None:
        return "", ("too_large",)
    _known[key] = text
    if len(_known) > _REMEMBERED:
        _known.popitem(last=False)
    return text, ()


def _read(data: bytes) -> str | None:
    """The text, None where the picture is larger than may be read."""
    image: Any = import_module("PIL.Image")  # by name, as whoever has not the extra has it not
    image.MAX_IMAGE_PIXELS = None  # the bound is ours, and theirs raises an error of its own
    with image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        if width * height > MAX_PIXELS:
            return None
        if min(width, height) < SMALLEST:
            return ""
        picture.draft("RGB", (SIDE, SIDE))
        page = image.new("RGB", picture.size, "white")  # what is transparent lies on a white page
        plain = picture.convert("RGBA")
        page.paste(plain, mask=plain.getchannel("A"))
    page.thumbnail((SIDE, SIDE))
    lines, _ = _engine()(np.asarray(page))
    return "\n".join(str(said).strip() for _, said, sure in lines or () if float(sure) >= _SURE)


@cache
def _engine() -> Engine:
    engine: Engine = import_module("rapidocr_onnxruntime").RapidOCR(
        intra_op_num_threads=1, inter_op_num_threads=1, print_verbose=False
    )
    return engine
