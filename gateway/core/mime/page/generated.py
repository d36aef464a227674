"""Text that style sheets and lists generate: content, counters, list markers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tinycss2 import parse_component_value_list

from gateway.core.mime.charsets.written import without_lone_surrogates
from gateway.core.mime.css.counter_styles import CounterStyle
from gateway.core.mime.css.style import Style

Attributes = Mapping[str, str | None]

_COUNTING = frozenset({"counter-reset", "counter-set", "counter-increment"})
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LIST_ITEM = "list-item"
_ALPHABETIC = ("lower-alpha", "upper-alpha", "lower-latin", "upper-latin")
_MAX_TEXT = 2_000
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


class Counters:
    """The counters of a page, without their scopes."""

    def __init__(self) -> None:
        self._values: Counter[str] = Counter()
        self.styles: Mapping[str, CounterStyle] = {}

    def enter(self, style: Style) -> None:
        """Count an element."""
        if style.values is None or style.values.keys().isdisjoint(_COUNTING):
            return
        for property_, default in (("counter-reset", 0), ("counter-set", 0), ("counter-increment", 1)):
            parts = style.value(property_).split()[:40]
            for at, part in enumerate(parts):
                if _number(part) is not None or part == "none":
                    continue
                number = _number(parts[at + 1]) if at + 1 < len(parts) else None
                value = default if number is None else number
                self._values[part] = self._values[part] + value if property_ == "counter-increment" else value

    def text(self, name: str, kind: str) -> str:
        """The value of a counter in a style."""
        own = self.styles.get(kind)
        return own.text(self._values[name]) if own is not None else counter_text(self._values[name], kind)

    def marker(self, style: Style, kind: str) -> str:
        """What marks a list item by a counter of the style sheet, or by letters whose number a style sets."""
        own = self.styles.get(style.value("list-style-type").split(" ")[0])
        if own is not None:
            return own.text(self._values[_LIST_ITEM])
        numbers = f"{style.value('counter-set')} {style.value('counter-reset')} {style.value('counter-increment')}"
        kind = style.value("list-style-type").split(" ")[0] or kind
        if kind not in _ALPHABETIC or _LIST_ITEM not in numbers:
            return ""
        return counter_text(self._values[_LIST_ITEM], kind)

    def count_item(self) -> None:
        """A list item begins."""
        self._values[_LIST_ITEM] += 1


def _number(text: str) -> int | None:
    return int(text) if len(text) < 10 and text.lstrip("+-").isdecimal() else None


def counter_text(value: int, kind: str) -> str:
    """A number as letters, roman digits or digits."""
    if kind in _ALPHABETIC and 0 < value < 1_000_000:
        text = ""
        while value:
            value, letter = divmod(value - 1, 26)
            text = _LETTERS[letter] + text
        return text.upper() if kind.startswith("upper") else text
    if kind in ("lower-roman", "upper-roman") and 0 < value < 4_000:
        text = ""
        for number, letters in _ROMAN:
            count, value = divmod(value, number)
            text += letters * count
        return text
    return str(value)


def generated_text(style: Style, attributes: Attributes, counters: Counters) -> str:
    """The text of the property content."""
    value = style.value("content")
    if not value or value in ("none", "normal"):
        return ""
    found: list[str] = []
    for token in parse_component_value_list(value[:_MAX_TEXT]):
        if token.type == "string":
            found.append(without_lone_surrogates(str(token.value)))
        elif token.type == "function":
            arguments = [str(part.value) for part in token.arguments if part.type in ("ident", "string")]
            if token.lower_name == "attr" and arguments:
                known = attributes.get(arguments[0].lower())
                found.append(known if known is not None else _fallback(token))
            elif token.lower_name in ("env", "if"):
                found.append(_fallback(token))
            elif token.lower_name in ("counter", "counters") and arguments:
                found.append(counters.text(arguments[0].lower(), arguments[-1].lower()))
        elif token.type == "literal" and token.value == "/":
            break
    return "".join(found)


def _fallback(function: Any) -> str:
    """The strings in the arguments of a function, which are shown where its value is not known."""
    return "".join([without_lone_surrogates(str(part.value)) for part in function.arguments if part.type == "string"])


def list_marker(parent: Attributes, item: Attributes, style: Style) -> str:
    """The letter that marks a list item whose number is set by hand; "" for ordinary lists."""
    value = _number((item.get("value") or "").strip())
    if value is None:
        return ""
    kind = style.value("list-style-type") or {"a": "lower-alpha", "A": "upper-alpha"}.get(
        parent.get("type") or item.get("type") or "", ""
    )
    return counter_text(value, kind) if kind in _ALPHABETIC else ""
