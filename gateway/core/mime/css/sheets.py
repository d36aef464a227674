"""Style sheets: their rules with the environments in which they apply, and an index of rules by element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tinycss2 import parse_blocks_contents, parse_component_value_list, parse_stylesheet

from gateway.core.mime.css.counter_styles import CounterStyle, read_counter_style
from gateway.core.mime.css.declarations import Declarations, collect_declarations, css_text, strings_of
from gateway.core.mime.css.media import NARROW, SHEETS, media_environments, supports_environments
from gateway.core.mime.css.selectors import Element, MatchBudget, Selector, matches, parse_selectors

MAX_SHEET = 200_000
"""Characters of the style sheets of a document that are read."""
MAX_RULES = 20_000
"""Selectors of a sheet, each with its declarations."""

_CACHED_SHEET = 64_000
"""Longer sheets are not cached; in characters."""
_MAX_DEPTH = 8
_MIN_JOINED = 4
"""Texts of one rule from which they are also read together."""
_MAX_INITIAL = 2_000
_STEPS_A_RULE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One selector and its declarations. `rank`: later and more specific rules win. `where`: in which environments."""

    selector: Selector
    rank: tuple[int, tuple[int, int, int], int]
    where: int
    declarations: Declarations


@dataclass(slots=True, eq=False)
class Sheet:
    """A parsed sheet.

    `strings`: texts that it may show. `text`: all of it, if it has files in addresses.
    `has_fonts`: it contains fonts, or changes how letters of a font look, so that
    letters may look like others. `variables`: values that they have at first.
    `imports`: addresses of more sheets. `is_complete`: everything was understood.
    """

    rules: list[Rule] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    keyframes: dict[str, Declarations] = field(default_factory=dict)
    counters: dict[str, CounterStyle] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    size: int = 0
    nested: int = 0
    """Characters of the selectors of rules inside others, which repeat those around them."""
    text: str = ""
    has_fonts: bool = False
    is_complete: bool = True


def parse_sheet(text: str) -> Sheet:
    """A style sheet. Short ones are cached: a mail program writes the same sheet into every message."""
    return _parse_sheet(text) if len(text) <= _CACHED_SHEET else _parse_sheet.__wrapped__(text)


@lru_cache(maxsize=64)
def _parse_sheet(text: str) -> Sheet:
    text = text.strip().removeprefix("<!--").removesuffix("-->")
    sheet = Sheet(text=text if "data:" in text.lower() else "", size=len(text), is_complete=len(text) <= MAX_SHEET)
    _add(sheet, parse_stylesheet(text[:MAX_SHEET], skip_comments=True, skip_whitespace=True), SHEETS, (), 0, 1)
    return sheet


def _add(sheet: Sheet, nodes: Sequence[Any], where: int, outer: Sequence[Any], depth: int, layer: int) -> None:
    if depth > _MAX_DEPTH or len(sheet.rules) > MAX_RULES:
        sheet.is_complete = False
        return
    declarations = collect_declarations(nodes)
    sheet.strings.extend(declarations.strings)
    if declarations and outer:  # declarations of a nested rule
        _add_rule(sheet, outer, declarations, where, layer)
    for node in nodes:
        if node.type == "qualified-rule":
            prelude = _nested(sheet, outer, node.prelude) if outer else node.prelude
            if sheet.nested > MAX_SHEET:
                sheet.is_complete = False
                return
            inner = parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
            _add(sheet, inner, where, prelude, depth + 1, layer)
        elif node.type == "at-rule":
            _add_at_rule(sheet, node, where, outer, depth, layer)


def _add_rule(sheet: Sheet, prelude: Sequence[Any], declarations: Declarations, where: int, layer: int) -> None:
    selectors = parse_selectors(prelude)
    if selectors is None:
        sheet.is_complete = False
        return
    for selector in selectors:
        sheet.rules.append(Rule(selector, (layer, selector.specificity, len(sheet.rules)), where, declarations))


def _nested(sheet: Sheet, outer: Sequence[Any], inner: Sequence[Any]) -> Sequence[Any]:
    """The selector of a rule inside another rule."""
    parent = f":is({css_text(outer)})"
    text = css_text(inner)
    sheet.nested += len(parent) + len(text)
    combined = text.replace("&", parent) if "&" in text else f"{parent} {text}"
    return tuple(parse_component_value_list(combined[:4_000], skip_comments=True))


def _add_at_rule(sheet: Sheet, node: Any, where: int, outer: Sequence[Any], depth: int, layer: int) -> None:
    name, content = node.lower_at_keyword, node.content
    prelude = css_text(node.prelude)[:1_000]
    if name == "import":
        sheet.imports.extend(str(token.value) for token in node.prelude if token.type in ("url", "string"))
        sheet.imports.extend(
            str(token.arguments[0].value)
            for token in node.prelude
            if token.type == "function" and token.lower_name == "url" and token.arguments
            and token.arguments[0].type == "string"
        )  # fmt: skip
    if content is None:
        return
    if name == "font-face":
        sheet.has_fonts = sheet.has_fonts or _changes_letters(content)
        return
    if name in ("keyframes", "-webkit-keyframes"):
        sheet.keyframes[prelude] = _last_frame(content)
    if name in ("keyframes", "-webkit-keyframes", "page"):
        _add_texts(sheet, list(strings_of(content)))
        return
    if name == "counter-style":
        sheet.counters[prelude.lower()] = read_counter_style(content)
    if name in ("counter-style", "property"):
        _add_texts(sheet, [str(token.value) for token in content if token.type == "string"])
        if name == "property" and (first := _initial_value(content)):
            sheet.variables[prelude] = first
        return
    if name not in ("media", "supports", "layer", "container", "scope", "starting-style", "document", "-moz-document"):
        return
    if name == "media":
        where &= media_environments(prelude)
    elif name == "supports":
        where &= supports_environments(prelude)
    elif name == "layer":
        layer = 0
    else:
        where &= NARROW
    _add(
        sheet, parse_blocks_contents(content, skip_comments=True, skip_whitespace=True), where, outer, depth + 1, layer
    )


def _add_texts(sheet: Sheet, texts: list[str]) -> None:
    """Add the texts of a rule: each, and all of them together, as they may follow each other on the screen."""
    sheet.strings.extend(texts)
    if len(texts) >= _MIN_JOINED:
        between = "" if max(map(len, texts)) <= 1 else " "
        sheet.strings.append(between.join(texts))


def _initial_value(content: Sequence[Any]) -> str:
    for node in parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if node.type == "declaration" and node.lower_name == "initial-value":
            return css_text(node.value)[:_MAX_INITIAL]
    return ""


def _changes_letters(content: Sequence[Any]) -> bool:
    """Whether a font is part of the message, or a font of the reader's machine is changed for some letters."""
    names = {}
    for node in parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if node.type == "declaration":
            names[node.lower_name] = css_text(node.value).lower()
    source = names.get("src", "")
    return "data:" in source or ("local(" in source and "size-adjust" in names)


def _last_frame(content: Sequence[Any]) -> Declarations:
    for node in reversed(parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)):
        if node.type == "qualified-rule" and css_text(node.prelude).lower() in ("to", "100%"):
            return collect_declarations(parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True))
    return Declarations({}, {})


@dataclass(frozen=True, slots=True, eq=False)
class RuleIndex:
    """The rules of all sheets of a document, by what an element must have to match."""

    by_key: Mapping[str, Sequence[tuple[tuple[int, ...], Rule]]]
    environments: int
    """Environments in which elements may have another style than in the main one."""

    def matching(self, element: Element, budget: MatchBudget) -> list[tuple[Rule, int]]:
        """The rules that apply to an element, the strongest last, and in which environments each applies."""
        found = []
        by_key = self.by_key
        keys = [element.name, "*", *(f".{name}" for name in element.classes)]
        if element.id:
            keys.append(f"#{element.id}")
        for key in dict.fromkeys(keys):
            for rank, rule in by_key.get(key, ()):
                if not budget.take(_STEPS_A_RULE):
                    return []
                result = matches(element, rule.selector.compounds, budget)
                if result is not False and (where := rule.where if result else rule.where & NARROW):
                    found.append((rank, rule, where))
        if len(found) > 1:
            found.sort(key=_rank)
        return [(rule, where) for _, rule, where in found]


def _rank(found: tuple[tuple[int, ...], Rule, int]) -> tuple[int, ...]:
    return found[0]


@lru_cache(maxsize=32)
def index_rules(sheets: tuple[Sheet, ...]) -> RuleIndex:
    """The rules of several sheets in order."""
    by_key: dict[str, list[tuple[tuple[int, ...], Rule]]] = {}
    environments = 0
    for number, sheet in enumerate(sheets):
        for rule in sheet.rules:
            layer, specificity, order = rule.rank
            by_key.setdefault(rule.selector.key, []).append(((layer, *specificity, number, order), rule))
            if not rule.where & 1 or rule.where & SHEETS != SHEETS:
                environments |= rule.where ^ SHEETS if rule.where & 1 else rule.where
    return RuleIndex(by_key, environments)
