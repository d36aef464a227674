"""The text of an HTML part as a reader sees it, and separately the text that it hides.

Block elements break lines. Inline elements do not, so that a word split by tags stays one word. Quoted blocks get the
"> " of plain text. Links are followed by their target, because a reader can see it. Images are replaced by their
alternative text.

Tags are read one after the other without building a tree: trees of hostile documents take quadratic time and memory,
and a parser that crashes is worse than one that reads some tags differently than a browser.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import unescape

from gateway.core.mime.css_visibility import (
    WHITE,
    Color,
    background_color,
    compute_style,
    generated_text,
    hidden_selectors,
    look_alike,
    parse_color,
)

_BLOCKS = frozenset(
    "address article aside blockquote body br center dd details div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hr html legend li main nav ol option p pre section summary table tr ul".split()
)
_CELLS = frozenset({"td", "th"})
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_RAW_TEXT = frozenset("iframe script style textarea title xmp".split())
"""Their content is text up to the end tag, except inside svg and math, where they are ordinary elements."""
_NEVER_TEXT = frozenset({"script", "style"})
_NOT_RENDERED = frozenset("dialog iframe script style template title".split())
_SPOKEN_ATTRIBUTES = ("title", "aria-label", "placeholder")
"""Attributes that appear as tooltips or are read by screen readers."""
_FOREIGN = ("svg", "math")

_SCOPES = frozenset("button caption marquee math object svg table td template th".split())
_P = frozenset({"p"})
_CLOSES_P = _BLOCKS - {"br", "body", "html", "legend", "option", "tr"}
_CLOSES = {
    # The open elements that this element closes, with or without an end tag, and the elements that bound the search.
    "li": (frozenset({"li"}), _SCOPES | {"ul", "ol"}),
    "dd": (frozenset({"dd", "dt"}), _SCOPES | {"dl"}),
    "dt": (frozenset({"dd", "dt"}), _SCOPES | {"dl"}),
    "option": (frozenset({"option"}), frozenset({"select"})),
    "td": (frozenset({"td", "th"}), frozenset({"table", "template"})),
    "th": (frozenset({"td", "th"}), frozenset({"table", "template"})),
    "tr": (frozenset({"tr"}), frozenset({"table", "template"})),
}
_MAX_SEARCH = 100

_ATTRIBUTE_TEXT = r"[^\s/>][^\s/>=]*(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"'][^\s>]*))?"
_MARKUP = re.compile(
    r"<!--(?:-?>|(?P<comment>.*?)(?:--!?>|\Z))"
    r"|<(?P<other>[!?][^>]*)>?|</[^a-zA-Z>][^>]*>?"
    rf"|<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*)(?P<rest>(?:[\s/]+|{_ATTRIBUTE_TEXT})*+)>?",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s/>][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"'][^\s>]*)))?")
_END_TAGS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW_TEXT}
_TAGS = re.compile(r"<[^>]*>")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_SPACES = re.compile(r" {2,}")
_LINK_TARGET = re.compile(r"https?://|(?:mailto|tel|sms):", re.IGNORECASE)
_TARGET_ACCOUNT = re.compile(r"\w+:/{0,2}([^?]*)")
_MAX_QUOTES = 10
_MAX_TARGET = 300


def visible_text(html: str) -> tuple[str, str]:
    """The text that an HTML document shows, and the text that it hides. Never raises."""
    page = _Page()
    at = 0
    while (found := _MARKUP.search(html, at)) is not None:
        page.text(html[at : found.start()])
        at = found.end()
        name = (found["name"] or "").lower()
        if not name:
            page.comment(found["comment"] or found["other"] or "")
        elif found["end"]:
            page.end_tag(name)
        elif name == "plaintext":
            break  # everything after it is text, including tags
        else:
            page.start_tag(name, found["rest"])
            if name in _RAW_TEXT and not page.is_foreign:
                end = _END_TAGS[name].search(html, at)
                stop = len(html) if end is None else end.start()
                if name == "style":
                    page.style_sheet(html[at:stop])
                page.text("" if name in _NEVER_TEXT else html[at:stop])
                at = stop
    page.text(html[at:])
    page.end()
    return _tidy("".join(page.shown)), _tidy("".join(page.hidden))


@dataclass(frozen=True, slots=True)
class _Element:
    """An open element. Colors are None if unknown.

    `reversed_from`: if its text is displayed from the last letter to the first, where it starts in the shown text.
    """

    name: str
    hidden: bool
    color: Color | None
    background: Color | None
    reversed_from: int = -1


class _Page:
    """The text read so far, and the open elements."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.hidden: list[str] = []
        self._open: list[_Element] = []
        self._hidden_selectors: frozenset[str] = frozenset()
        self._sets_colors = False
        self._count: Counter[str] = Counter()
        self._target, self._link_start = "", 0

    def _append(self, text: str, hidden: bool | None = None) -> None:
        if hidden is None:
            hidden = bool(self._open) and self._open[-1].hidden
        (self.hidden if hidden else self.shown).append(text)

    def text(self, raw: str) -> None:
        """Text between tags."""
        if raw:
            self._append(_BLANKS.sub(" ", unescape(raw)))

    def comment(self, raw: str) -> None:
        """Comments are dropped, except conditional comments and CDATA sections: some mail programs show those."""
        if raw.startswith("[if"):
            self._append("\n" + unescape(_TAGS.sub(" ", raw.partition(">")[2] + ">")), hidden=True)
        elif raw.startswith("![CDATA["):
            self._append(" " + raw[8:].removesuffix("]]"), hidden=True)

    def start_tag(self, name: str, rest: str) -> None:
        """A start tag."""
        if name in _CLOSES_P:
            self._close(_P, _SCOPES)
        if name in _CLOSES:
            self._close(*_CLOSES[name])
        attributes: dict[str, str] = {}
        for attribute in _ATTRIBUTE.finditer(rest) if rest.strip(" /\n\r\t") else ():
            attributes.setdefault(attribute[1].lower(), unescape(attribute[2] or attribute[3] or attribute[4] or ""))
        element = self._element(name, attributes)
        if name not in _VOID:
            self._open.append(element)
            self._count[name] += 1
        self._line_break(name)
        if name == "a":
            self.end_link()
            target = _BLANKS.sub("", attributes.get("href", ""))[:_MAX_TARGET]
            self._target, self._link_start = target if _LINK_TARGET.match(target) else "", len(self.shown)
        elif name == "img":
            self._append(f" {_BLANKS.sub(' ', attributes['alt'])} " if attributes.get("alt") else "", element.hidden)
        elif name == "input":
            self._append(
                f" {_BLANKS.sub(' ', attributes.get('value', ''))} ",
                element.hidden or attributes.get("type") == "hidden",
            )
        if attributes:
            shown = attributes.get("alt", "")
            for spoken in _SPOKEN_ATTRIBUTES:
                if (value := attributes.get(spoken, "").strip()) and value != shown:
                    self._append(f"\n{_BLANKS.sub(' ', value)}\n", hidden=True)

    def style_sheet(self, text: str) -> None:
        """A style sheet: what it hides, and whether it sets colors, which makes the color of classes unknown."""
        self._hidden_selectors |= hidden_selectors(text)
        self._sets_colors = self._sets_colors or "color" in text or "background" in text
        if "content" in text:
            self._append(f"\n{generated_text(text)}\n", hidden=True)

    def _element(self, name: str, attributes: dict[str, str]) -> _Element:
        parent = self._open[-1] if self._open else _Element("", False, None, WHITE)
        hidden = parent.hidden or name in _NOT_RENDERED or "hidden" in attributes
        if not attributes:
            return _Element(name, hidden or name in self._hidden_selectors, parent.color, parent.background)
        style = compute_style(attributes.get("style", ""))
        classes = attributes.get("class", "").split()
        if self._hidden_selectors:
            own = {name, *(f".{class_}" for class_ in classes), f"#{attributes.get('id', '')}"}
            own.update(f"[{attribute}]" for attribute in attributes)
            hidden = hidden or not own.isdisjoint(self._hidden_selectors)
        unknown_colors = bool(classes) and self._sets_colors
        color = style.color or parse_color(attributes.get("color", ""))
        if style.background[0]:
            has_background, background = style.background
        else:
            has_background, background = background_color("", attributes.get("bgcolor", ""))
        if not has_background:
            background = None if "background" in attributes or unknown_colors else parent.background
        color = color or (None if unknown_colors else parent.color)
        hidden = hidden or style.hidden
        hidden = hidden or (color is not None and background is not None and look_alike(color, background))
        backwards = (name == "bdo" and attributes.get("dir", "").lower() == "rtl") or style.reversed
        return _Element(name, hidden, color, background, len(self.shown) if backwards else -1)

    def _close(self, names: frozenset[str], bounds: frozenset[str]) -> None:
        """Close the innermost of the named elements and everything inside it, unless a bound comes first."""
        if not any(self._count[name] for name in names):
            return
        for depth, element in enumerate(reversed(self._open[-_MAX_SEARCH:]), start=1):
            if element.name in names:
                for _ in range(depth):
                    self._pop()
                return
            if element.name in bounds:
                return

    @property
    def is_foreign(self) -> bool:
        """Whether the parser is inside svg or math."""
        return any(self._count[name] for name in _FOREIGN)

    def end(self) -> None:
        """The end of the document, which closes all elements."""
        self.end_link()
        while self._open:
            self._pop()

    def end_tag(self, name: str) -> None:
        """An end tag. It also closes the elements inside its element. Without a start tag it is ignored."""
        if name == "a":
            self.end_link()
        if not self._count[name]:
            if name in ("p", "br"):
                self._line_break(name)
            return
        while self._pop() != name:
            pass
        self._line_break(name)

    def _pop(self) -> str:
        element = self._open.pop()
        self._count[element.name] -= 1
        if element.reversed_from >= 0:
            lines = "".join(self.shown[element.reversed_from :]).split("\n")
            self.shown[element.reversed_from :] = ["\n".join(line[::-1] for line in lines)]
        return element.name

    def _line_break(self, name: str) -> None:
        if name in _BLOCKS:
            self._append("\n" + "> " * min(self._count["blockquote"], _MAX_QUOTES))
        elif name in _CELLS:
            self._append(" ")

    def end_link(self) -> None:
        """Append the target of the link, unless its text already shows it."""
        if self._target:
            text = "".join(self.shown[self._link_start :])
            account = None if self._target[:4].lower() == "http" else _TARGET_ACCOUNT.match(self._target)
            if self._target not in text and not (account and account[1] in text):
                self.shown.append(f" <{self._target}>")
        self._target = ""


def _tidy(text: str) -> str:
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line.strip("> "))
