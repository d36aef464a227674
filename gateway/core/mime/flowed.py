"""Lines of text that a program joins (RFC 3676): with `delsp=yes`, the blank at the end of a line is no part of it.

Lines may then end inside of words, which only such a program shows as words.
"""

from __future__ import annotations

import re
from itertools import pairwise

_JOINS = re.compile(r"\bdelsp[ \t]*+(?:\*\d*+\*?[ \t]*+)?=[^;\r\n]{0,30}?\byes\b", re.IGNORECASE)
_QUOTE = re.compile(r"(?:>[ \t]?)*")
_MIN_INSIDE = 2
"""Line ends inside of words in a paragraph that is joined. Elsewhere a line end and a blank look alike."""


def joins_lines(content_type: str) -> bool:
    """Whether a Content-Type says that blanks at the ends of lines are no part of the text."""
    return "delsp" in content_type.lower() and _JOINS.search(content_type) is not None


def join_lines(text: str) -> str:
    """A text with its paragraphs joined whose lines end inside of words."""
    out: list[str] = []
    paragraph: list[str] = []
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        paragraph.append(line)
        if not bare.endswith(" ") or bare == "-- " or not bare.strip():  # a fixed line ends a paragraph
            out.append(_joined(paragraph))
            paragraph = []
    return "".join((*out, _joined(paragraph)))


def _joined(lines: list[str]) -> str:
    bare = [
        _QUOTE.sub("", line.rstrip("\r\n"), count=1) if line.startswith(">") else line.rstrip("\r\n") for line in lines
    ]
    inside = sum(
        len(line) > 1 and line[-2].isalpha() and line[-1] == " " and after[:1].isalpha()
        for line, after in pairwise(bare)
    )  # fmt: skip
    if inside < _MIN_INSIDE:
        return "".join(lines)
    end = lines[-1][len(lines[-1].rstrip("\r\n")) :]
    quote = _QUOTE.match(lines[0])
    return (quote[0] if quote else "") + "".join(line.removesuffix(" ") for line in bare) + end
