"""Text in charsets that nobody declares, whose letters look like Latin ones."""

from __future__ import annotations

import re

from gateway.core.mime.charsets.written import without_lone_surrogates

_OF_EAST_ASIA = ("cp949", "gb18030", "euc-jp", "cp932", "big5")
_OTHER_LETTER, _MIN_ALIKE = re.compile(r"[^\0-\x7f\u3000]"), 6
_ALIKE = re.compile(
    "[\u0180-\u04ff\u13a0-\u13ff\u1d00-\u1dbf\u2000-\u206f\u2460-\u24ff\u2800-\u28ff\uff01-\uff5e\U0001d400-\U0001d7ff"
    "\U0001f100-\U0001f1ff]"
)
"""Letters that look like Latin ones, and the marks on them."""


def alike_text(data: bytes, charset: str) -> str:
    """The text of bytes in a charset whose other letters all look like Latin ones; "" if they do not.

    Such letters are Greek, Cyrillic, wide or mathematical ones. Western text is not valid in such a charset, or has
    letters of East Asia in it.
    """
    try:
        text = without_lone_surrogates(data.decode(charset))
    except UnicodeDecodeError:
        return ""
    others = len(_OTHER_LETTER.findall(text))
    return text if others >= _MIN_ALIKE and len(_ALIKE.findall(text)) * 20 >= others * 19 else ""


def alike_text_of_east_asia(data: bytes) -> str:
    """Bytes in the first charset of East Asia in which they are `alike_text`; "" for UTF-8 and other text."""
    if is_utf_8(data):
        return ""
    return next(filter(None, (alike_text(data, charset) for charset in _OF_EAST_ASIA)), "")


def is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
