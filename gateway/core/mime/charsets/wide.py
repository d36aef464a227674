"""Text in two or four bytes for each character that does not declare it (UTF-16, UTF-32)."""

from __future__ import annotations

import re

from gateway.core.mime.charsets.marks import without_marks
from gateway.core.mime.charsets.written import is_latin

_MAX_PLANE, _MIN_ZEROS = 0x10, 0.7
"""The highest plane of Unicode, and the share of zeros in text in UTF-16 from which it is nothing else."""
BYTE_ORDER_MARKS, _MIN_MARKED_ZEROS = (b"\xff\xfe", b"\xfe\xff"), 6
"""How a text begins that says its order of bytes; of its bytes, one in so many is zero at least."""
_PLAIN_RUN = re.compile(rb"[ -~]{16}")
"""Text in one byte a letter, beside which a mark says nothing."""


def detect_wide_charset(data: bytes) -> str:
    """The UTF-16 or UTF-32 charset of text that does not declare it; "" if it is neither."""
    head = data[: min(len(data), 4096) & ~3]
    if len(head) < 8 or b"\0" not in head:
        return ""
    zeros = [head[at::4].count(0) * 4 / len(head) for at in range(4)]
    low, high = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if zeros[3] == 1 and max(head[2::4]) <= _MAX_PLANE:
        name = "utf-32-le"
    elif zeros[0] == 1 and max(head[1::4]) <= _MAX_PLANE:
        name = "utf-32-be"
    elif max(low, high) >= _MIN_ZEROS:
        name = "utf-16-le" if high > low else "utf-16-be"
    else:
        is_marked = head.startswith(BYTE_ORDER_MARKS) and head.count(0) * _MIN_MARKED_ZEROS >= len(head)
        if is_marked and not _PLAIN_RUN.search(head):
            return "utf-16-le" if head.startswith(BYTE_ORDER_MARKS[0]) else "utf-16-be"
        return next((name for name in ("utf-16-le", "utf-16-be") if is_latin(head.decode(name, "replace"))), "")
    text = head.decode(name, "replace")
    if head.startswith(BYTE_ORDER_MARKS) and "\ufffd" not in text[:-1] and "\0" not in text:
        return name
    bare = without_marks(text)
    plain = sum(character.isprintable() or character in "\r\n\t" for character in bare)
    return name if plain >= 0.95 * len(bare) and "\ufffd" not in text[:-1] else ""
