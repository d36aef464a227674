"""The text of an HTML part as a person sees it, apart from what it hides.

Block elements break lines, inline ones do not (so that a word cut by tags stays a word), quoted blocks get the "> "
of plain text, links keep their target behind them, for a person can see where they lead, and pictures are their words.

It reads tags one after the other and builds no tree: trees of hostile documents take quadratic time and memory, and a
message that ends its reader would be worse than one whose tags are read a little differently than a browser would.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import unescape

from gateway.core.mime.css_visibility import WHITE, Colour, alike, colour, hidden_names, look, paper, written

_BLOCKS = frozenset(
    "address article aside blockquote body br center dd details div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hr html legend li main nav ol option p pre section summary table tr ul".split()
)
_CELLS = frozenset({"td", "th"})
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_NO_MARKUP = frozenset("iframe script style textarea title xmp".split())
"""What is in these is no markup, up to their end tag; but in a drawing or a formula they are like any other."""
_NEVER_TEXT = frozenset({"script", "style"})
_UNSHOWN = frozenset("dialog iframe script style template title".split())
_TOLD = ("title", "aria-label", "placeholder")
"""Attributes that a person is told when pointing at an element, or by a voice."""
_FOREIGN = ("svg", "math")

_SCOPES = frozenset("button caption marquee math object svg table td template th".split())
_P = frozenset({"p"})
_ENDS_P = _BLOCKS - {"br", "body", "html", "legend", "option", "tr"}
_ENDS_LAST = {
    # Which open elements end where this one begins, whether or not their end is written, and what bounds the search.
    "li": (frozenset({"li"}), _SCOPES | {"ul", "ol"}),
    "dd": (frozenset({"dd", "dt"}), _SCOPES | {"dl"}),
    "dt": (frozenset({"dd", "dt"}), _SCOPES | {"dl"}),
    "option": (frozenset({"option"}), frozenset({"select"})),
    "td": (frozenset({"td", "th"}), frozenset({"table", "template"})),
    "th": (frozenset({"td", "th"}), frozenset({"table", "template"})),
    "tr": (frozenset({"tr"}), frozenset({"table", "template"})),
}
_LOOKED_AT = 100

_ATTRIBUTE_TEXT = r"[^\s/>][^\s/>=]*(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"'][^\s>]*))?"
_MARKUP = re.compile(
    r"<!--(?:-?>|(?P<comment>.*?)(?:--!?>|\Z))"
    r"|<(?P<other>[!?][^>]*)>?|</[^a-zA-Z>][^>]*>?"
    rf"|<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*)(?P<rest>(?:[\s/]+|{_ATTRIBUTE_TEXT})*+)>?",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s/>][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"'][^\s>]*)))?")
_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _NO_MARKUP}
_TAGS = re.compile(r"<[^>]*>")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_SPACES = re.compile(r" {2,}")
_LEADS = re.compile(r"https?://|(?:mailto|tel|sms):", re.IGNORECASE)
_ACCOUNT = re.compile(r"\w+:/{0,2}([^?]*)")
_MAX_QUOTES = 10
_MAX_TARGET = 300


def visible_text(html: str) -> tuple[str, str]:
    """The text that an HTML document shows, and the text that it carries hidden. Never raises."""
    page = _Page()
    at = 0
    while (found := _MARKUP.search(html, at)) is not None:
        page.text(html[at : found.start()])
        at = found.end()
        name = (found["name"] or "").lower()
        if not name:
            page.comment(found["comment"] or found["other"] or "")
        elif found["end"]:
            page.finish(name)
        elif name == "plaintext":
            break  # all that follows is text, tags too
        else:
            page.begin(name, found["rest"])
            if name in _NO_MARKUP and not page.is_foreign:
                end = _ENDS[name].search(html, at)
                stop = len(html) if end is None else end.start()
                if name == "style":
                    page.sheet(html[at:stop])
                page.text("" if name in _NEVER_TEXT else html[at:stop])
                at = stop
    page.text(html[at:])
    page.end()
    return _tidy("".join(page.shown)), _tidy("".join(page.hidden))


@dataclass(frozen=True, slots=True)
class _Element:
    """An open element: whether what is in it is unseen, and the colours of its text and of what is behind, if known."""

    name: str
    unseen: bool
    ink: Colour | None
    paper: Colour | None
    turned: int = -1
    """Where its text begins among what is shown, if it is shown from the last letter to the first."""


class _Page:
    """What has been read so far, and which elements are open."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.hidden: list[str] = []
        self._open: list[_Element] = []
        self._names: frozenset[str] = frozenset()
        self._painted = False
        self._count: Counter[str] = Counter()
        self._target, self._link_from = "", 0

    def _piece(self, text: str, unseen: bool | None = None) -> None:
        if unseen is None:
            unseen = bool(self._open) and self._open[-1].unseen
        (self.hidden if unseen else self.shown).append(text)

    def text(self, raw: str) -> None:
        """Text between tags."""
        if raw:
            self._piece(_BLANKS.sub(" ", unescape(raw)))

    def comment(self, raw: str) -> None:
        """Comments are for nobody, but for the conditional ones and those of drawings that some mail programs show."""
        if raw.startswith("[if"):
            self._piece("\n" + unescape(_TAGS.sub(" ", raw.partition(">")[2] + ">")), unseen=True)
        elif raw.startswith("![CDATA["):
            self._piece(" " + raw[8:].removesuffix("]]"), unseen=True)

    def begin(self, name: str, rest: str) -> None:
        """A start tag."""
        if name in _ENDS_P:
            self._end_open(_P, _SCOPES)
        if name in _ENDS_LAST:
            self._end_open(*_ENDS_LAST[name])
        attributes: dict[str, str] = {}
        for each in _ATTRIBUTE.finditer(rest) if rest.strip(" /\n\r\t") else ():
            attributes.setdefault(each[1].lower(), unescape(each[2] or each[3] or each[4] or ""))
        element = self._element(name, attributes)
        unseen = element.unseen
        if name not in _VOID:
            self._open.append(element)
            self._count[name] += 1
        self._edge(name)
        if name == "a":
            self.leave_link()
            target = _BLANKS.sub("", attributes.get("href", ""))[:_MAX_TARGET]
            self._target, self._link_from = target if _LEADS.match(target) else "", len(self.shown)
        elif name == "img":
            self._piece(f" {_BLANKS.sub(' ', attributes['alt'])} " if attributes.get("alt") else "", unseen)
        elif name == "input":
            self._piece(
                f" {_BLANKS.sub(' ', attributes.get('value', ''))} ", unseen or attributes.get("type") == "hidden"
            )
        if attributes:
            shown = attributes.get("alt", "")
            for told in _TOLD:
                if (said := attributes.get(told, "").strip()) and said != shown:
                    self._piece(f"\n{_BLANKS.sub(' ', said)}\n", unseen=True)

    def sheet(self, text: str) -> None:
        """A style sheet: which names it hides, and whether it paints, so that colours are not to be relied on."""
        self._names |= hidden_names(text)
        self._painted = self._painted or "color" in text or "background" in text
        if "content" in text:
            self._piece(f"\n{written(text)}\n", unseen=True)

    def _element(self, name: str, attributes: dict[str, str]) -> _Element:
        around = self._open[-1] if self._open else _Element("", False, None, WHITE)
        unseen = around.unseen or name in _UNSHOWN or "hidden" in attributes
        if not attributes:
            return _Element(name, unseen or name in self._names, around.ink, around.paper)
        style = look(attributes.get("style", ""))
        named = attributes.get("class", "").split()
        if self._names:
            own = {name, *(f".{each}" for each in named), f"#{attributes.get('id', '')}"}
            own.update(f"[{each}]" for each in attributes)
            unseen = unseen or not own.isdisjoint(self._names)
        text = style.ink or colour(attributes.get("color", ""))
        painted, behind = style.paper if style.paper[0] else paper("", attributes.get("bgcolor", ""))
        if not painted:
            behind = None if "background" in attributes or (named and self._painted) else around.paper
        text = text or (None if named and self._painted else around.ink)
        unseen = unseen or style.hides or (text is not None and behind is not None and alike(text, behind))
        backwards = (name == "bdo" and attributes.get("dir", "").lower() == "rtl") or style.turns
        return _Element(name, unseen, text, behind, len(self.shown) if backwards else -1)

    def _end_open(self, names: frozenset[str], bounds: frozenset[str]) -> None:
        """End the innermost of some elements, and what is open in it, unless a bound comes first."""
        if not any(self._count[name] for name in names):
            return
        for depth, element in enumerate(reversed(self._open[-_LOOKED_AT:]), start=1):
            if element.name in names:
                for _ in range(depth):
                    self._leave()
                return
            if element.name in bounds:
                return

    @property
    def is_foreign(self) -> bool:
        """Whether this is within a drawing or a formula."""
        return any(self._count[name] for name in _FOREIGN)

    def end(self) -> None:
        """The end of the document, which ends all that is open."""
        self.leave_link()
        while self._open:
            self._leave()

    def finish(self, name: str) -> None:
        """An end tag: it ends what was opened within its element too; without a start tag it is nothing."""
        if name == "a":
            self.leave_link()
        if not self._count[name]:
            if name in ("p", "br"):
                self._edge(name)
            return
        while self._leave() != name:
            pass
        self._edge(name)

    def _leave(self) -> str:
        element = self._open.pop()
        self._count[element.name] -= 1
        if element.turned >= 0:
            lines = "".join(self.shown[element.turned :]).split("\n")
            self.shown[element.turned :] = ["\n".join(line[::-1] for line in lines)]
        return element.name

    def _edge(self, name: str) -> None:
        if name in _BLOCKS:
            self._piece("\n" + "> " * min(self._count["blockquote"], _MAX_QUOTES))
        elif name in _CELLS:
            self._piece(" ")

    def leave_link(self) -> None:
        """Where the link leads, unless its own words say so; a long address is cut behind what names the place."""
        if self._target:
            said = "".join(self.shown[self._link_from :])
            account = None if self._target[:4].lower() == "http" else _ACCOUNT.match(self._target)
            if self._target not in said and not (account and account[1] in said):
                self.shown.append(f" <{self._target}>")
        self._target = ""


def _tidy(text: str) -> str:
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line.strip("> "))
