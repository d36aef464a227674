"""The runs of readable characters in binary data, where a format has texts among other data."""

from __future__ import annotations

import re

_READABLE = re.compile("[\x20-\x7e\u00a1-\u024f]{5,}")


def text_runs(data: bytes, *, narrow: bool = True) -> str:
    """The runs, one a line: of 8-bit characters (unless not `narrow`), and of 16-bit ones at even and odd places."""
    texts = [data.decode("utf-16-le", "ignore"), data[1:].decode("utf-16-le", "ignore")]
    if narrow:
        texts.insert(0, data.decode("latin-1"))
    return "\n".join(run for text in texts for run in _READABLE.findall(text))
