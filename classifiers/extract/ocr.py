"""Text in pictures, if the optional extra `ocr` is installed. Without it pictures are not read.

RapidOCR has its models inside the package: nothing is downloaded and nothing leaves the machine. Pixels, pictures per
message and time are bounded. The text of a picture that comes again, such as a logo, is cached.
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

from classifiers.extract.parser_errors import PARSER_ERRORS

MAX_PICTURES = 5
"""Pictures of one message that are read."""

MAX_PIXELS = 25_000_000
MAX_SIDE = 1600
"""Pixels of the longer side. A larger picture is scaled down."""

MIN_SIDE = 32
"""Pixels of the shorter side. A smaller picture is an icon or a tracking pixel without words."""

_MIN_CONFIDENCE = 0.5
_CACHE_SIZE = 256
_cache: OrderedDict[bytes, str] = OrderedDict()

Engine = Callable[[Any], Any]


@cache
def is_available() -> bool:
    """Whether the extra is installed."""
    return find_spec("rapidocr_onnxruntime") is not None and find_spec("PIL") is not None


def read_words(data: bytes, deadline: float) -> tuple[str, tuple[str, ...]]:
    """The text in a picture, line by line, and the words for `failed`. Never raises."""
    key = sha256(data).digest()
    if key in _cache:
        _cache.move_to_end(key)
        return _cache[key], ()
    if time.monotonic() > deadline:
        return "", ("too_large",)
    try:
        text = _read(data)
    except PARSER_ERRORS:
        return "", ("unreadable",)
    if text is None:
        return "", ("too_large",)
    _cache[key] = text
    if len(_cache) > _CACHE_SIZE:
        _cache.popitem(last=False)
    return text, ()


def _read(data: bytes) -> str | None:
    """The text; None if the picture is too large."""
    image: Any = import_module("PIL.Image")  # by name, because the extra may be missing
    image.MAX_IMAGE_PIXELS = None  # our own bound applies; Pillow's would raise
    with image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        if width * height > MAX_PIXELS:
            return None
        if min(width, height) < MIN_SIDE:
            return ""
        picture.draft("RGB", (MAX_SIDE, MAX_SIDE))
        page = image.new("RGB", picture.size, "white")  # transparent areas become white
        plain = picture.convert("RGBA")
        page.paste(plain, mask=plain.getchannel("A"))
    page.thumbnail((MAX_SIDE, MAX_SIDE))
    lines, _ = _engine()(np.asarray(page))
    return "\n".join(str(text).strip() for _, text, confidence in lines or () if float(confidence) >= _MIN_CONFIDENCE)


@cache
def _engine() -> Engine:
    engine: Engine = import_module("rapidocr_onnxruntime").RapidOCR(
        intra_op_num_threads=1, inter_op_num_threads=1, print_verbose=False
    )
    return engine
