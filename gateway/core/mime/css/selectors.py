"""Matches selectors against elements, within a budget of steps.

The grammar is that of cssselect2. Its matching is not used: it has no bound, and a selector of 50 bytes can cost
any number of steps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cssselect2.parser import (
    AttributeSelector,
    ClassSelector,
    CombinedSelector,
    FunctionalPseudoClassSelector,
    IDSelector,
    LocalNameSelector,
    MatchesAnySelector,
    NegationSelector,
    PseudoClassSelector,
    SelectorError,
    SpecificityAdjustmentSelector,
    parse,
)

from gateway.core.mime.css.declarations import css_text

MAX_LENGTH = 1_000
"""Tokens of a selector list that is read."""
MAX_DEPTH = 40
"""Compounds of a selector, and levels of :not() and :is()."""

_LONG_VALUE = 256
"""Characters of an attribute from which a test costs more than a step."""
_BLANKS = re.compile(r"\s+")
_NTH = re.compile(r"(?:([+-]?\d{0,6})n\s*([+-]\s*\d{1,6})?|([+-]?\d{1,6})|(odd)|(even))", re.IGNORECASE)
_NEVER = frozenset(
    "hover focus active visited focus-within focus-visible target checked disabled indeterminate".split()
)
"""States that a message is not in when it is opened."""


class Element:
    """An element as selectors see it. `previous` is the element before it with the same parent."""

    __slots__ = ("attributes", "classes", "id", "index", "name", "parent", "previous")

    def __init__(
        self, name: str, attributes: Mapping[str, str | None], parent: Element | None, previous: Element | None
    ) -> None:
        self.name, self.attributes, self.parent, self.previous = name, attributes, parent, previous
        self.id = attributes.get("id") or ""
        self.classes = dict.fromkeys((attributes.get("class") or "").split()) if attributes else {}
        self.index: int = 1 if previous is None else previous.index + 1


class MatchBudget:
    """Steps that are left. `is_spent`: some matches were not tried."""

    __slots__ = ("is_spent", "left")

    def __init__(self, steps: int) -> None:
        self.left, self.is_spent = steps, False

    def take(self, steps: int = 1) -> bool:
        """Whether there are steps left."""
        self.left -= steps
        if self.left < 0:
            self.is_spent = True
        return not self.is_spent


@dataclass(frozen=True, slots=True)
class Compound:
    """Conditions on one element. `tests` are compared in order; `combinator` joins the compound to its left."""

    name: str
    id: str
    classes: tuple[str, ...]
    tests: tuple[Any, ...]
    combinator: str = ""


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector: its compounds from right to left. `pseudo`: the pseudo-element that it selects."""

    compounds: tuple[Compound, ...]
    specificity: tuple[int, int, int]
    pseudo: str = ""

    @property
    def key(self) -> str:
        """What an element must have to match: an id ("#id"), a class (".class"), a name, or "*"."""
        last = self.compounds[0]
        return f"#{last.id}" if last.id else f".{last.classes[-1]}" if last.classes else last.name or "*"


def parse_selectors(tokens: Sequence[Any]) -> tuple[Selector, ...] | None:
    """The selectors of a list; () if it is invalid, so that its rule never applies, and None if it is too long."""
    if len(tokens) > MAX_LENGTH:
        return None
    try:
        return tuple(
            Selector(_compounds(selector.parsed_tree, 0), selector.specificity, selector.pseudo_element or "")
            for selector in parse(tokens)
        )
    except SelectorError:
        return ()
    except (RecursionError, _TooComplexError):
        return None


class _TooComplexError(Exception):
    """A selector has too many levels."""


def _compounds(tree: Any, depth: int) -> tuple[Compound, ...]:
    if depth > MAX_DEPTH:
        raise _TooComplexError
    found: list[Compound] = []
    while isinstance(tree, CombinedSelector):
        found.append(_compound(tree.right.simple_selectors, tree.combinator, depth))
        tree = tree.left
        if len(found) > MAX_DEPTH:
            raise _TooComplexError
    return (*found, _compound(tree.simple_selectors, "", depth))


def _compound(simple: Sequence[Any], combinator: str, depth: int) -> Compound:
    name, identifier, classes, tests = "", "", [], []
    for part in simple:
        match part:
            case LocalNameSelector():
                name = part.lower_local_name
            case IDSelector():
                identifier = part.ident
            case ClassSelector():
                classes.append(part.class_name)
            case AttributeSelector():
                tests.append(part)
            case MatchesAnySelector() | SpecificityAdjustmentSelector():
                tests.append(("is", [_compounds(inner.parsed_tree, depth + 1) for inner in part.selector_list]))
            case NegationSelector():
                tests.append(("not", [_compounds(inner.parsed_tree, depth + 1) for inner in part.selector_list]))
            case PseudoClassSelector():
                tests.append((part.name, ""))
            case FunctionalPseudoClassSelector():
                tests.append((part.name, css_text(part.arguments).lower()[:100]))
            case _:
                tests.append(("?", ""))
    return Compound(name, identifier, tuple(classes), tuple(tests), combinator)


def matches(element: Element, compounds: tuple[Compound, ...], budget: MatchBudget, at: int = 0) -> bool | None:
    """Whether an element matches; None if that is not certain."""
    if not budget.take():
        return None
    compound = compounds[at]
    result = _matches_compound(element, compound, budget)
    if result is False or at + 1 == len(compounds):
        return result
    match compound.combinator:
        case ">":
            rest = element.parent is not None and matches(element.parent, compounds, budget, at + 1)
        case "+":
            rest = element.previous is not None and matches(element.previous, compounds, budget, at + 1)
        case "~":
            rest = _any_matches(element.previous, "previous", compounds, budget, at + 1)
        case _:
            rest = _any_matches(element.parent, "parent", compounds, budget, at + 1)
    return False if rest is False else None if rest is None or result is None else True


def _any_matches(
    element: Element | None, step: str, compounds: tuple[Compound, ...], budget: MatchBudget, at: int
) -> bool | None:
    result: bool | None = False
    while element is not None and budget.take():
        found = matches(element, compounds, budget, at)
        if found:
            return True
        result = None if found is None else result
        element = getattr(element, step)
    return result if not budget.is_spent else None


def _matches_compound(element: Element, compound: Compound, budget: MatchBudget) -> bool | None:
    if (compound.name and compound.name != element.name) or (compound.id and compound.id != element.id):
        return False
    for name in compound.classes:
        if name not in element.classes:
            return False
    result: bool | None = True
    for test in compound.tests:
        is_of_attribute = isinstance(test, AttributeSelector)
        found = _test_attribute(element, test, budget) if is_of_attribute else _test(element, test, budget)
        if found is False:
            return False
        result = None if found is None else result
    return result


def _test_attribute(element: Element, selector: AttributeSelector, budget: MatchBudget) -> bool | None:
    if selector.lower_name not in element.attributes:
        return False
    if selector.operator is None:
        return True
    value, wanted = element.attributes[selector.lower_name] or "", selector.value
    if len(value) > _LONG_VALUE and not budget.take(len(value) // _LONG_VALUE * 8):
        return None
    if selector.case_sensitive is False or selector.lower_name in ("type", "align", "dir", "lang", "bgcolor", "color"):
        value, wanted = value.lower(), wanted.lower()
    match selector.operator:
        case "=":
            return bool(value == wanted)
        case "~=":
            return wanted in value.split() and wanted != ""
        case "|=":
            return value == wanted or value.startswith(f"{wanted}-")
        case "^=":
            return wanted != "" and value.startswith(wanted)
        case "$=":
            return wanted != "" and value.endswith(wanted)
        case _:
            return wanted != "" and wanted in value


def _test(element: Element, test: tuple[str, Any], budget: MatchBudget) -> bool | None:
    name, argument = test
    match name:
        case "is" | "not":
            found = [matches(element, compounds, budget) for compounds in argument]
            result = True if True in found else None if None in found else False
            return result if name == "is" or result is None else not result
        case "root":
            return element.parent is None
        case "first-child":
            return element.previous is None
        case "nth-child":
            return _is_nth(argument, element.index) if " of " not in argument else None
        case "first-of-type" | "nth-of-type":
            count, before = 1, element.previous
            while before is not None and budget.take():
                count += before.name == element.name
                before = before.previous
            return count == 1 if name == "first-of-type" else _is_nth(argument, count)
        case "link" | "any-link":
            return element.name in ("a", "area") and "href" in element.attributes
        case "enabled" | "defined" | "scope" | "valid" | "optional" | "read-write":
            return element.parent is None if name == "scope" else True
        case "lang":
            return None
        case _ if name in _NEVER:
            return False
        case _ if name.startswith("-moz-") or name.startswith("-ms-"):
            return False
        case _:
            return None


def _is_nth(argument: str, index: int) -> bool:
    found = _NTH.fullmatch(argument.strip())
    if found is None:
        return False
    if found[4] or found[5]:
        return index % 2 == (1 if found[4] else 0)
    if found[3]:
        return index == int(found[3])
    step = int(found[1]) if found[1] not in ("", "+", "-", None) else -1 if found[1] == "-" else 1
    offset = int(_BLANKS.sub("", found[2])) if found[2] else 0
    return index == offset if step == 0 else (index - offset) % step == 0 and (index - offset) // step >= 0
