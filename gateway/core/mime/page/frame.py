"""An open element of a page, and its styles in each environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from gateway.core.mime.css.declarations import Declarations, parse_inline_style
from gateway.core.mime.css.media import DARK, MAIN, NARROW, SHEETS
from gateway.core.mime.css.selectors import Element, MatchBudget
from gateway.core.mime.css.sheets import Rule, RuleIndex
from gateway.core.mime.css.style import BARE as BARE_TEXT
from gateway.core.mime.css.style import CLEAR as CLEAR_TEXT
from gateway.core.mime.css.style import SEEN as SEEN_TEXT
from gateway.core.mime.css.style import Style, compute_style
from gateway.core.mime.page.elements import default_declarations
from gateway.core.mime.page.runs import BARE, CLEAR, EVERYBODY, FLOW, INLINE, OUTLOOK, SEEN, WHOLE
from gateway.core.mime.page.runs import DARK as DARK_MODE
from gateway.core.mime.page.runs import NARROW as TELEPHONE
from gateway.core.mime.page.tree import TEMPLATE

Attributes = Mapping[str, str | None]
_ALL_BITS = BARE_TEXT | SEEN_TEXT | CLEAR_TEXT
Others = tuple[Style, Style, Style]
"""The styles of an element in other environments than the main one: narrow, dark, and without style sheets."""


class Frame:
    """An open element.

    `others`: its styles in other environments, None if they are the same. `box`: who sees the line breaks around it;
    `mask`: who sees the text in its children, `text_mask`: and its own. `kind`: what its letters look like. `start`:
    its first piece of text. `is_plain`: children without attributes and rules look like it. `is_tracked`: the layout
    knows it. `is_arranging`: it may put its children in another order. `rules`: those that match it, and where.
    `inner`: the attributes of elements in it that move it.
    """

    __slots__ = (
        "after", "attributes", "box", "display", "element", "first_letter", "in_flow", "in_svg", "inner",
        "is_arranging", "is_block", "is_plain", "is_tracked", "kind", "last_child", "main", "mask", "name", "others",
        "parent", "rules", "start", "text_mask",
    )  # fmt: skip

    def __init__(self, name: str, attributes: Attributes, main: Style, mask: int, parent: Frame | None = None) -> None:
        self.name, self.attributes, self.main, self.parent = name, attributes, main, parent
        self.rules: Sequence[tuple[Rule, int]] = ()
        self.inner: Sequence[Attributes] = ()
        self.mask = self.text_mask = self.box = mask
        self.others: Others | None = None
        self.element: Element | None = None
        self.last_child: Element | None = None
        self.kind: object = main
        self.display = ""
        self.start = 0
        self.after: Style | None = None
        self.first_letter: Style | None = None
        self.in_flow = True
        self.in_svg = self.is_arranging = self.is_block = self.is_plain = self.is_tracked = False


class Cascade:
    """Computes the styles of elements. `rules` are those of the style sheets, None if there are none."""

    def __init__(self, rules: RuleIndex | None, budget: MatchBudget) -> None:
        self.rules, self._budget = rules, budget
        self._styles: dict[object, Style] = {}

    def compute(self, frame: Frame, parent: Frame, display: str) -> list[tuple[str, Style]]:
        """Set the styles of an element. Returns those of the content that style sheets put before and after it.

        `display`: the default of the name of the element.
        """
        attributes, name = frame.attributes, frame.name
        if name == TEMPLATE and "shadowrootmode" not in attributes:  # never displayed, whatever its style
            frame.main = parent.main.plain_child().undisplayed()
            return []
        hints = default_declarations(name, attributes, frame.in_svg)
        inline = parse_inline_style(style) if attributes and (style := attributes.get("style")) else None
        matched: list[tuple[Rule, int]] = []
        if self.rules is not None:
            frame.element = Element(name, attributes, parent.element, parent.last_child)
            parent.last_child = frame.element
            frame.rules = matched = self.rules.matching(frame.element, self._budget)
        pseudo = [(rule, where) for rule, where in matched if rule.selector.pseudo]
        own = [(rule, where) for rule, where in matched if not rule.selector.pseudo] if pseudo else matched
        rules = tuple([rule for rule, where in own if where & MAIN])
        frame.main = self._cached(parent.main, display, rules, inline, hints)
        if parent.others is not None or own:
            outer = parent.others or (parent.main, parent.main, parent.main)
            everywhere = all(where == SHEETS for _, where in own)
            narrow, dark = (
                frame.main
                if everywhere and style is parent.main
                else self._cached(
                    style, display, tuple([rule for rule, where in own if where & environment]), inline, hints
                )
                for style, environment in zip(outer[:2], (NARROW, DARK), strict=True)
            )
            without = self._cached(outer[2], display, (), inline, hints)
            if not (narrow is dark is without is frame.main):
                frame.others = narrow, dark, without
        return [
            (kind, self._cached(frame.main, "inline", chosen, None, None))
            for kind in ("before", "marker", "after", "first-letter")
            if pseudo and (chosen := tuple([
                rule for rule, where in pseudo if rule.selector.pseudo == kind and where & MAIN
            ]))
        ]  # fmt: skip

    def _cached(
        self,
        parent: Style,
        display: str,
        rules: tuple[Rule, ...],
        inline: Declarations | None,
        hints: Declarations | None,
    ) -> Style:
        if not rules and inline is None and hints is None:
            style = parent.plain_child()
            if display != "none":
                return style
            hidden = self._styles.get(style)
            if hidden is None:
                hidden = self._styles[style] = style.undisplayed()
            return hidden
        if not rules and parent.is_shared and (inline is None or inline.is_shared):
            return _shared_style(parent, display, inline, hints)
        key = (parent, display, rules, inline, hints)
        found = self._styles.get(key)
        if found is None:
            self._budget.take(sum(len(rule.declarations.normal) for rule in rules) // 4)
            found = self._styles[key] = _style(parent, display, rules, inline, hints)
        return found


def _style(
    parent: Style, display: str, rules: tuple[Rule, ...], inline: Declarations | None, hints: Declarations | None
) -> Style:
    declared = _cascade(rules, inline, hints)
    style = compute_style(parent, declared, display)
    return style.undisplayed() if display == "none" and "display" not in declared else style


@lru_cache(maxsize=8192)
def _shared_style(parent: Style, display: str, inline: Declarations | None, hints: Declarations | None) -> Style:
    """A style that does not depend on style sheets. Mail programs write the same few into all messages."""
    return replace(_style(parent, display, (), inline, hints), is_shared=True, plain=[])


def _cascade(rules: tuple[Rule, ...], inline: Declarations | None, hints: Declarations | None) -> Mapping[str, str]:
    """The declarations that win (CSS Cascade)."""
    declared = dict(hints.normal) if hints is not None else {}
    layers = [rule.declarations for rule in rules]
    if inline is not None:
        layers.append(inline)
    for layer in layers:
        declared.update(layer.normal)
    for layer in layers:
        declared.update(layer.important)
    return declared


def masks(parent: Frame, frame: Frame) -> tuple[int, int]:
    """Where an element has a box, and who sees its text."""
    main, others = frame.main, frame.others
    bits = main.bits
    hide = main.value("mso-hide")
    if others is None and bits == _ALL_BITS and frame.in_flow and parent.box & OUTLOOK and not hide:
        return EVERYBODY, EVERYBODY
    narrow, dark, without = others or (main, main, main)
    in_flow = FLOW if frame.in_flow else 0
    mask = (
        (SEEN | in_flow if bits & SEEN_TEXT else 0) | (CLEAR if bits & CLEAR_TEXT else 0)
        | (BARE if bits & BARE_TEXT else 0) | (TELEPHONE if narrow.bits & SEEN_TEXT else 0)
        | (DARK_MODE if dark.bits & SEEN_TEXT else 0) | (INLINE if without.bits & SEEN_TEXT else 0)
        | (OUTLOOK if bits & BARE_TEXT and parent.box & OUTLOOK and hide != "all" else 0)
        | (WHOLE if bits & SEEN_TEXT else 0)
    )  # fmt: skip
    if main.flow == "out":
        return mask, mask
    box = (
        (SEEN | CLEAR | BARE | WHOLE | in_flow if main.is_displayed else 0) | (TELEPHONE if narrow.is_displayed else 0)
        | (DARK_MODE if dark.is_displayed else 0) | (INLINE if without.is_displayed else 0)
        | (OUTLOOK if main.is_displayed and parent.box & OUTLOOK and hide != "all" else 0)
    )  # fmt: skip
    return box, mask
