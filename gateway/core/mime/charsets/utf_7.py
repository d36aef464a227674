"""Letters in UTF-7 (RFC 2152)."""

from __future__ import annotations

import re

from gateway.core.mime.charsets.written import without_lone_surrogates

UTF_7_MARKS = (b"+/v8", b"+/v9", b"+/v+", b"+/v/")
"""A mark of the byte order in UTF-7."""
_SHIFT = re.compile(rb"\+[A-Za-z0-9/]{3}(?:[A-Za-z0-9/]{3}|[A-Za-z0-9/]{5}|[A-Za-z0-9/]{8})?(?![A-Za-z0-9/])")
_MIN_SHIFTS = 6
"""One to four letters beyond ASCII in UTF-7, and how often they stand in a text that is in it."""
_SHIFTED = re.compile(r"\+[A-Za-z0-9/+]{2,400}+-?")
_MIN_SHIFTED_LETTERS = 60
"""Any letters in UTF-7, and their characters in a text that has fewer than `_MIN_SHIFTS` such runs."""


def has_shifts(data: bytes) -> bool:
    """Whether bytes have several words with letters in UTF-7."""
    return data.count(b"+") >= _MIN_SHIFTS and len(_SHIFT.findall(data)) >= _MIN_SHIFTS


def undecoded_utf_7(text: str) -> tuple[str, str, bool] | None:
    """A text whose letters in UTF-7 nobody decoded: the text, those letters, and whether they are in several places.

    None if it is no such text. Letters in few places may be those of other data in base64.
    """
    if "+" not in text or not text.isascii():
        return None
    runs = _SHIFTED.findall(text)
    is_frequent = len(runs) >= _MIN_SHIFTS
    if not is_frequent and sum(map(len, runs)) < max(_MIN_SHIFTED_LETTERS, len(text) // 2):
        return None
    try:
        letters = "".join(run.encode().decode("utf-7") for run in runs)
        return without_lone_surrogates(text.encode().decode("utf-7")), letters, is_frequent
    except UnicodeDecodeError:
        return None
