"""The text of an HTML part as a person sees it, apart from what it hides.

Block elements break lines, inline ones do not (so that a word cut by tags stays a word), quoted blocks get the "> "
of plain text, and links keep their target behind them, for a person can see where they lead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

_BLOCKS = frozenset(
    "address article aside blockquote br center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr li main nav ol option p pre section table tr ul".split()
)
_CELLS = frozenset({"td", "th"})
_SILENT = frozenset("head iframe link math meta noscript object script style svg template title".split())
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])|opacity\s*:\s*0(?!\.?\d*[1-9])"
    r"|max-height\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_MAX_NODES = 200_000


def visible_text(html: str) -> tuple[str, str]:
    """The text that an HTML document shows, and the text that it carries hidden."""
    root = LexborHTMLParser(html).root
    shown: list[str] = []
    hidden: list[str] = []
    if root is not None:
        for text, seen, quotes in _texts(root):
            (shown if seen else hidden).append(text.replace("\n", "\n" + "> " * quotes) if quotes else text)
    return _tidy("".join(shown)), _tidy("".join(hidden))


def _texts(root: LexborNode) -> Iterator[tuple[str, bool, int]]:
    """Pieces of text in document order with whether they are seen and how deep they are quoted; no recursion."""
    stack: list[tuple[LexborNode | str, bool, int]] = [(root, True, 0)]
    for _ in range(_MAX_NODES):
        if not stack:
            return
        node, seen, quotes = stack.pop()
        if isinstance(node, str):
            yield node, seen, quotes
            continue
        tag = node.tag
        if tag == "-text":
            yield _BLANKS.sub(" ", node.text_content or ""), seen, quotes
            continue
        if tag in _SILENT or tag is None or (tag.startswith(("-", "!")) and tag != "-document"):
            continue
        attributes = node.attributes
        seen = seen and "hidden" not in attributes and not _UNSEEN.search(attributes.get("style") or "")
        inner = quotes + (tag == "blockquote")
        edge = "\n" if tag in _BLOCKS else " " if tag in _CELLS else ""
        if edge:
            stack.append((edge, seen, quotes))
        children = []
        child = node.child
        while child is not None:
            children.append(child)
            child = child.next
        stack.extend((each, seen, inner) for each in reversed(children))
        if edge:
            stack.append((edge, seen, inner))


def _tidy(text: str) -> str:
    lines = (re.sub(r" {2,}", " ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n(?:>? ?\n)+", "\n", "\n".join(lines)).strip()
