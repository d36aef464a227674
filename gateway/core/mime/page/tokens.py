"""The tags, texts and comments of HTML one after the other, in linear time and without building a tree.

Trees of hostile documents take quadratic time and memory in every parser that follows the standard: elements nested in
each other, formatting elements that are opened again in every block, and elements with very many attributes.
`can_build_tree` recognizes them. They are read tag by tag instead, which is less exact than a browser.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from html import unescape
from typing import Protocol

MAX_DEPTH = 512
"""Elements inside each other; browsers put deeper ones side by side."""

_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_VOID = frozenset(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split()
)
_CLOSED_BY_OTHERS = frozenset("p li dd dt option optgroup td th tr tbody thead tfoot rp rt body html head".split())
"""Elements whose end tags may be missing. They cannot be nested without an element that is not among them."""
_MERGED = frozenset({"html", "body"})
"""Elements of which a page has one: every further tag adds its attributes to it."""
_SCOPES = frozenset("applet button caption marquee object table td th template select svg math foreignobject".split())
_RAW_TEXT = frozenset("iframe noembed noframes script style textarea title xmp".split())
_BLOCKS = frozenset(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr li main menu nav ol p pre section summary table ul".split()
)
_CLOSES = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "dd": (frozenset({"dd", "dt"}), frozenset({"dl"})),
    "dt": (frozenset({"dd", "dt"}), frozenset({"dl"})),
    "option": (frozenset({"option"}), frozenset({"select"})),
    "td": (frozenset({"td", "th"}), frozenset({"table"})),
    "th": (frozenset({"td", "th"}), frozenset({"table"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
}
_MAX_SEARCH = 100
_FEW_TAGS = 800
"""Documents with fewer tags are built without looking further."""
_MAX_PRODUCT = 200_000
"""Formatting tags times tags that are built without looking further."""
_MAX_FORMATTING = 48
"""Formatting elements that wait to be opened again."""
_MAX_ATTRIBUTES = 512
"""Attributes of an element. A parser compares each with all before it."""
_SHORT = 1 << 14
"""Characters that have no room for so many attributes that it takes long."""
_MAX_DIGITS = 12

_ATTRIBUTE_TEXT = r"[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+))?+"
_MARKUP = re.compile(
    r"<!--(?:-?>|(?P<comment>.*?)(?:--!?>|\Z))"
    r"|<(?P<other>[!?][^>]*+)>?|</[^a-zA-Z>][^>]*+>?"
    rf"|<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?P<rest>(?:[\s/]++|{_ATTRIBUTE_TEXT})*+)>?",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"'][^\s>]*+)))?+")
_END_TAGS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW_TEXT}
_FORMATTING_TAG = re.compile(r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>]", re.IGNORECASE)
_STYLE_SHEET = re.compile(r"<style(?=[\s/>])[^<>]*+>([^<]*+(?:<(?!/style)[^<]*+)*+)", re.IGNORECASE)
_LONG_REFERENCE = re.compile(
    r"&#(?:0*+([1-9][0-9]{0,12}+)[0-9]*+|[xX]0*+([1-9a-fA-F][0-9a-fA-F]{0,12}+)[0-9a-fA-F]*+);?"
)


class Handler(Protocol):
    """What reads a document: its style sheets, then its elements, texts and comments in order."""

    def style_sheets(self, texts: Sequence[str]) -> None:
        """The style sheets of the document."""

    def start(self, name: str, attributes: dict[str, str | None]) -> None:
        """An element begins. Elements without content end at once."""

    def end(self) -> None:
        """The innermost open element ends."""

    def text(self, text: str) -> None:
        """Text, with its character references replaced."""

    def comment(self, text: str) -> None:
        """A comment, or markup that is treated as one."""


def decode_references(text: str) -> str:
    """Replace character references. Numbers of any length are accepted."""
    if "&" not in text:
        return text
    if "&#" in text:
        text = _LONG_REFERENCE.sub(_shorten, text)
    return unescape(text)


def _shorten(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    return f"&#{'x' if found[2] else ''}{digits};" if len(digits) < _MAX_DIGITS else "\ufffd"


def can_build_tree(html: str) -> bool:
    """Whether a parser takes about linear time for the tree of a document."""
    tags = html.count("<")
    has_few_tags = tags * tags <= _MAX_PRODUCT or (
        tags <= _FEW_TAGS and len(_FORMATTING_TAG.findall(html)) * tags <= _MAX_PRODUCT
    )
    if has_few_tags and len(html) <= _SHORT:
        return True
    return _Nesting(limits_depth=not has_few_tags).measure(html)


class _Nesting:
    """An upper bound of the open elements, of the formatting elements that wait to be opened again, and of attributes.

    `limits_depth`: false for few tags, which may be nested in any way.
    """

    def __init__(self, *, limits_depth: bool) -> None:
        self._limits_depth = limits_depth
        self._open: list[str] = []
        self._count: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._merged: Counter[str] = Counter()

    def measure(self, html: str) -> bool:
        """Whether the bounds stay below the limits."""
        at = 0
        opened, waiting = self._open, self._waiting
        while (found := _MARKUP.search(html, at)) is not None:
            at = found.end()
            name = (found["name"] or "").lower()
            if not name:
                continue
            if found["end"]:
                self._close(name)
                continue
            if (name in _MERGED or len(found["rest"]) > _MAX_ATTRIBUTES) and self._is_crowded(name, found["rest"]):
                return False
            if name == "plaintext":
                break
            if name not in _VOID and name not in _CLOSED_BY_OTHERS:
                opened.append(name)
                self._count[name] += 1
                if self._limits_depth and (len(opened) > MAX_DEPTH or waiting.total() > _MAX_FORMATTING):
                    return False
                if name in _RAW_TEXT and not self._count["svg"] and not self._count["math"]:
                    end = _END_TAGS[name].search(html, at)
                    at = len(html) if end is None else end.start()
        return True

    def _is_crowded(self, name: str, rest: str) -> bool:
        """Whether an element has too many attributes. Those of all tags of a page's one body are on one element."""
        attributes = sum(1 for _ in _ATTRIBUTE.finditer(rest))
        if name in _MERGED:
            self._merged[name] += attributes
            attributes = self._merged[name]
        return attributes > _MAX_ATTRIBUTES

    def _close(self, name: str) -> None:
        opened = self._open
        if name in _CLOSED_BY_OTHERS:
            # A block may end with it, and the formatting elements inside would be opened again.
            for index in range(len(opened) - 1, max(-1, len(opened) - 1 - _MAX_FORMATTING), -1):
                if opened[index] not in _FORMATTING:
                    break
                self._waiting[opened[index]] += 1
                self._count[opened[index]] -= 1
                del opened[index]
            return
        if self._waiting[name] > 0 and not self._count[name]:
            self._waiting[name] -= 1
            return
        if not self._count[name]:
            return
        for depth in range(1, min(len(opened), _MAX_SEARCH) + 1):
            inner = opened[-depth]
            if inner == name:
                for _ in range(depth):
                    popped = opened.pop()
                    self._count[popped] -= 1
                    if popped in _FORMATTING and popped != name:
                        self._waiting[popped] += 1
                return
            if inner in _SCOPES:
                return


def read_tokens(html: str, handler: Handler) -> None:
    """Call a handler for each tag, text and comment. Unclosed elements are closed as far as that takes linear time."""
    handler.style_sheets([found[1] for found in _STYLE_SHEET.finditer(html)])
    _TokenReader(handler).read(html)


class _TokenReader:
    """Reads one document tag by tag."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._open: list[str] = []
        self._count: Counter[str] = Counter()

    def read(self, html: str) -> None:
        """Read a document."""
        handler, at = self._handler, 0
        while (found := _MARKUP.search(html, at)) is not None:
            if found.start() > at:
                handler.text(decode_references(html[at : found.start()]))
            at = found.end()
            name = (found["name"] or "").lower()
            if not name:
                handler.comment(found["comment"] or (found["other"] or "").removeprefix("!"))
            elif found["end"]:
                self._end(name)
            elif name == "plaintext":
                break
            else:
                self._start(name, found["rest"])
                if name in _RAW_TEXT and not self._count["svg"] and not self._count["math"]:
                    end = _END_TAGS[name].search(html, at)
                    stop = len(html) if end is None else end.start()
                    is_decoded = name in ("textarea", "title")
                    handler.text(decode_references(html[at:stop]) if is_decoded else html[at:stop])
                    at = stop
        if at < len(html):
            handler.text(decode_references(html[at:]))
        while self._open:
            self._pop()

    def _start(self, name: str, rest: str) -> None:
        if name in _BLOCKS:
            self._close_open(frozenset({"p"}), _SCOPES)
        if name in _CLOSES:
            self._close_open(*_CLOSES[name])
        attributes: dict[str, str | None] = {}
        for found in _ATTRIBUTE.finditer(rest) if rest.strip(" /\n\r\t") else ():
            value = found[2] or found[3] or found[4] or ""
            attributes.setdefault(found[1].lower(), decode_references(value))
        self._handler.start(name, attributes)
        if name in _VOID or len(self._open) >= MAX_DEPTH:
            self._handler.end()
        else:
            self._open.append(name)
            self._count[name] += 1

    def _close_open(self, names: frozenset[str], bounds: frozenset[str]) -> None:
        """Close the innermost of the named elements and everything inside it, unless a bound comes first."""
        if not any(self._count[name] for name in names):
            return
        for depth, name in enumerate(reversed(self._open[-_MAX_SEARCH:]), start=1):
            if name in names:
                for _ in range(depth):
                    self._pop()
                return
            if name in bounds:
                return

    def _end(self, name: str) -> None:
        if not self._count[name]:
            if name in ("p", "br"):
                self._handler.start(name, {})
                self._handler.end()
            return
        while self._pop() != name:
            pass

    def _pop(self) -> str:
        name = self._open.pop()
        self._count[name] -= 1
        self._handler.end()
        return name
