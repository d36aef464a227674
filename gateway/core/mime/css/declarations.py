"""Declarations of CSS that decide whether and where text can be seen. All others are left out.

A declaration that browsers drop as invalid must not override an earlier one, so values are checked here. Values with
var() can only be checked when they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from tinycss2 import parse_blocks_contents, serialize

from gateway.core.mime.charsets.marks import has_letters
from gateway.core.mime.css.colors import parse_color
from gateway.core.mime.css.lengths import is_length

_MAX_VALUE = 2_000
"""Longer values are cut; in characters."""
_CACHED_STYLE = 400
"""Longer inline styles are not cached; in characters."""

_WIDE = frozenset("inherit initial unset revert revert-layer".split())
_LENGTH_WORDS = frozenset(
    "auto none normal min-content max-content fit-content stretch -webkit-fill-available -moz-available "
    "xx-small x-small small medium large x-large xx-large xxx-large smaller larger content".split()
)
_DISPLAYS = frozenset(
    "none contents block inline inline-block flow flow-root flex inline-flex grid inline-grid table inline-table "
    "table-row table-cell table-row-group table-header-group table-footer-group table-column table-column-group "
    "table-caption list-item run-in ruby ruby-text ruby-base math -webkit-box -webkit-inline-box -webkit-flex "
    "-webkit-inline-flex -ms-flexbox -ms-grid".split()
)
_KEYWORDS = {
    "display": _DISPLAYS,
    "visibility": frozenset("visible hidden collapse".split()),
    "position": frozenset("static relative absolute fixed sticky -webkit-sticky".split()),
    "float": frozenset("none left right inline-start inline-end".split()),
    "direction": frozenset("ltr rtl".split()),
    "unicode-bidi": frozenset("normal embed isolate bidi-override isolate-override plaintext -webkit-isolate".split()),
    "overflow-x": frozenset("visible hidden clip scroll auto overlay".split()),
    "overflow-y": frozenset("visible hidden clip scroll auto overlay".split()),
    "content-visibility": frozenset("visible auto hidden".split()),
    "white-space": frozenset("normal nowrap pre pre-wrap pre-line break-spaces preserve collapse wrap".split()),
    "flex-direction": frozenset("row row-reverse column column-reverse".split()),
    "flex-wrap": frozenset("nowrap wrap wrap-reverse".split()),
    "caption-side": frozenset("top bottom".split()),
    "mso-hide": frozenset("all none screen".split()),
    "-webkit-text-security": frozenset("none disc circle square".split()),
    "backface-visibility": frozenset("visible hidden".split()),
}
_COLORS = frozenset({"color", "-webkit-text-fill-color", "background-color", "fill"})
_LENGTHS = frozenset(
    "opacity font-size width height max-width max-height line-height text-indent letter-spacing left top right bottom "
    "margin-left margin-top margin-right margin-bottom padding-left padding-top padding-right padding-bottom zoom "
    "order fill-opacity -webkit-text-stroke-width flex-basis".split()
)
_FREE = frozenset(
    "background-image -webkit-background-clip background-clip clip clip-path transform scale rotate translate filter "
    "text-shadow -webkit-text-stroke mask mask-image -webkit-mask -webkit-mask-image mix-blend-mode "
    "-webkit-box-reflect grid-column grid-row grid-column-start grid-row-start grid-area text-decoration "
    "text-decoration-line vertical-align animation animation-name stroke counter-reset counter-set counter-increment "
    "list-style-type grid-template-columns grid-template-rows grid-template-areas grid-template grid "
    "writing-mode contain flex font-family box-sizing -webkit-line-clamp line-clamp max-lines mask-size "
    "justify-content justify-items justify-self place-content place-items align-items align-content "
    "text-wrap table-layout word-break overflow-wrap word-wrap line-break".split()
)
_WITH_STRINGS = frozenset({"content", "quotes"})
_WITH_TEXTS = frozenset("symbols attr env var if".split())
"""Functions whose arguments may be shown as text."""
_MOVING = frozenset(
    "border-left border-left-width border-inline-start offset offset-distance "
    "grid-column-end grid-row-end animation-delay".split()
)
"""Properties that are not computed, by whose numbers pieces of text may be put in another order."""
_ALIASES = {
    "-webkit-transform": "transform", "-ms-transform": "transform", "-webkit-clip-path": "clip-path",
    "-webkit-filter": "filter", "-webkit-opacity": "opacity", "-webkit-flex-direction": "flex-direction",
    "inset-inline-start": "left", "inset-block-start": "top", "max-inline-size": "max-width", "inline-size": "width",
    "max-block-size": "max-height", "block-size": "height", "margin-inline-start": "margin-left",
    "margin-block-start": "margin-top", "-webkit-order": "order", "-ms-flex-order": "order",
    "-webkit-box-ordinal-group": "order", "-moz-box-ordinal-group": "order", "box-ordinal-group": "order",
    "-webkit-flex-wrap": "flex-wrap", "-webkit-flex-flow": "flex-flow", "-webkit-writing-mode": "writing-mode",
    "-webkit-animation": "animation",
    "-webkit-animation-name": "animation-name", "word-spacing": "word-spacing", "white-space-collapse": "white-space",
    "-webkit-mask-image": "mask-image", "-webkit-mask": "mask", "padding-inline-start": "padding-left",
    "padding-inline-end": "padding-right", "overflow-inline": "overflow-x", "overflow-block": "overflow-y",
    "text-wrap-mode": "text-wrap",
    "-webkit-flex": "flex", "-webkit-flex-basis": "flex-basis", "-webkit-justify-content": "justify-content",
    "-webkit-mask-size": "mask-size", "-epub-writing-mode": "writing-mode",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Declarations:
    """Values by property: of ordinary declarations, and of important ones. `strings` are texts inside values.

    `others`: properties that may move text, but are not computed; `addresses`: of files inside the style.
    `is_shared`: they are few and short, so that what follows from them may be kept for other documents.
    """

    normal: Mapping[str, str]
    important: Mapping[str, str]
    strings: tuple[str, ...] = ()
    is_shared: bool = False
    others: tuple[tuple[str, str], ...] = ()
    addresses: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.normal or self.important or self.others or self.strings or self.addresses)


def parse_inline_style(style: str) -> Declarations:
    """The declarations of a style attribute. Most elements of a page share a few styles, so short ones are cached."""
    return _parse_inline_style(style) if len(style) <= _CACHED_STYLE else _parse_inline_style.__wrapped__(style)


@lru_cache(maxsize=4096)
def _parse_inline_style(style: str) -> Declarations:
    found = collect_declarations(parse_blocks_contents(style, skip_comments=True, skip_whitespace=True))
    is_shared = len(style) <= _CACHED_STYLE and "--" not in style
    return replace(found, is_shared=True) if is_shared else found


def collect_declarations(nodes: Iterable[Any]) -> Declarations:
    """The relevant ones among parsed declarations."""
    normal: dict[str, str] = {}
    important: dict[str, str] = {}
    strings: list[str] = []
    others: list[tuple[str, str]] = []
    addresses: list[str] = []
    for node in nodes:
        if node.type != "declaration":
            continue
        name = node.name if node.name.startswith("--") else node.lower_name
        name = _ALIASES.get(name, name)
        target = important if node.important else normal
        strings.extend(_texts(name, node.value))
        addresses.extend(_data_addresses(node.value))
        if name in _MOVING:
            others.append((name, _value(node.value)))
        for longhand, value in _expand(name, node.value):
            target[longhand] = value
    return Declarations(normal, important, tuple(strings), others=tuple(others), addresses=tuple(addresses))


def _expand(name: str, tokens: list[Any]) -> Iterable[tuple[str, str]]:
    """The longhand properties that a declaration sets, with valid values."""
    if name.startswith("--"):
        yield name, css_text(tokens)[:_MAX_VALUE]
        return
    if name in _WITH_STRINGS:
        yield name, css_text(tokens)[:_MAX_VALUE]
        return
    expand = _SHORTHANDS.get(name)
    if expand is None and name not in _KEYWORDS and name not in _COLORS and name not in _LENGTHS and name not in _FREE:
        return
    value = _value(tokens)
    if not value:
        return
    pairs = ((name, value),) if expand is None else expand(value)
    for longhand, part in pairs:
        if is_valid(longhand, part):
            yield longhand, part


def _value(tokens: list[Any]) -> str:
    if len(tokens) == 2 and tokens[0].type == "whitespace":
        tokens = tokens[1:]
    if len(tokens) == 1 and tokens[0].type == "ident":
        return str(tokens[0].lower_value)
    return css_text(tokens).lower()[:_MAX_VALUE]


def css_text(tokens: Sequence[Any]) -> str:
    """Parsed tokens as CSS; "" if they are nested deeper than any browser reads."""
    try:
        return str(serialize(tokens)).strip()
    except RecursionError:
        return ""


def is_valid(name: str, value: str) -> bool:
    """Whether browsers accept a value of a property."""
    if value in _WIDE or "var(" in value or "env(" in value:
        return True
    if name in _KEYWORDS:
        return value in _KEYWORDS[name] or (name in ("display", "white-space") and _are_words(value, _KEYWORDS[name]))
    if name in _LENGTHS:
        return value in _LENGTH_WORDS or is_length(value)
    if name in _COLORS:
        return _is_color(value) or value == "none"
    return True


def _are_words(value: str, words: frozenset[str]) -> bool:
    return all(word in words for word in value.split())


def _is_color(value: str) -> bool:
    if value in ("currentcolor", "transparent"):
        return True
    function = value.partition("(")[0] if value.endswith(")") else ""
    return (
        function in ("color-mix", "light-dark", "contrast-color")
        or " from " in value
        or (function != "" and ("calc(" in value or "none" in value))
        or parse_color(value) is not None
        or value in _SYSTEM_COLORS
    )


_SYSTEM_COLORS = frozenset(
    "accentcolor accentcolortext activetext buttonborder buttonface buttontext canvas canvastext field fieldtext "
    "graytext highlight highlighttext linktext mark marktext selecteditem selecteditemtext visitedtext windowtext "
    "window menu menutext infobackground infotext".split()
)


def split_values(value: str) -> list[str]:
    """The parts of a value that blanks separate, outside parentheses."""
    parts: list[str] = []
    part: list[str] = []
    depth = 0
    for character in value:
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        if depth <= 0 and character in " \t\r\n\f/,":
            if part:
                parts.append("".join(part))
            part = []
            if character in "/,":
                parts.append(character)
        else:
            part.append(character)
    return [*parts, "".join(part)] if part else parts


def _font(value: str) -> Iterable[tuple[str, str]]:
    if value in _WIDE or "var(" in value:
        yield "font-size", value if value in _WIDE else "medium"
        return
    parts = split_values(value)
    for at, part in enumerate(parts[:-1]):
        is_weight = part.isdigit() and 1 <= len(part) <= 4 and int(part) >= 1 and parts[at + 1] != "/"
        if not is_weight and (is_length(part) or part in _LENGTH_WORDS - {"normal", "none", "auto"}):
            yield "font-size", part
            yield "font-family", parts[-1]
            if parts[at + 1] == "/" and at + 2 < len(parts):
                yield "line-height", parts[at + 2]
            return


def _background(value: str) -> Iterable[tuple[str, str]]:
    if value in _WIDE or "var(" in value:
        yield "background-color", value
        yield "background-image", value if value in _WIDE else "none"
        return
    color, image, clip = "transparent", "none", ""
    for part in split_values(value):
        if "(" in part and not part.startswith(_COLOR_FUNCTIONS):
            image = part
        elif part == "text":
            clip = part
        elif _is_color(part):
            color = part
    yield "background-color", color
    yield "background-image", image
    yield "background-clip", clip or "border-box"


_COLOR_FUNCTIONS = ("rgb", "hsl", "hwb", "lab", "lch", "ok", "color", "light-dark", "contrast-color")


def _overflow(value: str) -> Iterable[tuple[str, str]]:
    parts = value.split()
    if len(parts) in (1, 2):
        yield "overflow-x", parts[0]
        yield "overflow-y", parts[-1]


def _edges(names: tuple[str, str, str, str], value: str) -> Iterable[tuple[str, str]]:
    parts = split_values(value)
    if 1 <= len(parts) <= 4:
        top = parts[0]
        right = parts[1] if len(parts) > 1 else top
        yield names[0], top
        yield names[1], right
        yield names[2], parts[2] if len(parts) > 2 else top
        yield names[3], parts[3] if len(parts) > 3 else right


def _padding(value: str) -> Iterable[tuple[str, str]]:
    return _edges(("padding-top", "padding-right", "padding-bottom", "padding-left"), value)


def _inset(value: str) -> Iterable[tuple[str, str]]:
    return _edges(("top", "right", "bottom", "left"), value)


def _margin(value: str) -> Iterable[tuple[str, str]]:
    """The margins that move a box; those at its right and bottom only do so if they are negative."""
    pairs = _edges(("margin-top", "margin-right", "margin-bottom", "margin-left"), value)
    return ((name, part) for name, part in pairs if part.startswith("-") or name in ("margin-top", "margin-left"))


def _negative_margin(name: str) -> Callable[[str], Iterable[tuple[str, str]]]:
    return lambda value: ((name, value),) if value.startswith("-") else ()


def _inset_pair(first: str, second: str) -> Callable[[str], Iterable[tuple[str, str]]]:
    def expand(value: str) -> Iterable[tuple[str, str]]:
        parts = split_values(value)
        if 1 <= len(parts) <= 2:
            yield first, parts[0]
            yield second, parts[-1]

    return expand


def _flex_flow(value: str) -> Iterable[tuple[str, str]]:
    names = ("flex-direction", "flex-wrap")
    return ((name, part) for part in value.split() for name in names if part in _KEYWORDS[name])


def _box_direction(value: str) -> Iterable[tuple[str, str]]:
    if value == "reverse":
        yield "flex-direction", "row-reverse"


def _list_style(value: str) -> Iterable[tuple[str, str]]:
    yield "list-style-type", value


def _all(value: str) -> Iterable[tuple[str, str]]:
    yield "all", value


_SHORTHANDS = {
    "font": _font, "background": _background, "overflow": _overflow, "inset": _inset, "margin": _margin,
    "margin-right": _negative_margin("margin-right"), "margin-bottom": _negative_margin("margin-bottom"),
    "inset-inline": _inset_pair("left", "right"), "inset-block": _inset_pair("top", "bottom"),
    "padding": _padding, "-webkit-box-direction": _box_direction, "flex-flow": _flex_flow,
    "list-style": _list_style, "all": _all,
}  # fmt: skip


def strings_of(tokens: Iterable[Any]) -> Iterable[str]:
    """The strings with letters or digits among tokens, and in the functions and blocks among them."""
    waiting = [iter(tokens)]
    while waiting:
        token = next(waiting[-1], None)
        if token is None:
            waiting.pop()
        elif token.type == "string":
            if any(map(str.isalnum, token.value)) or has_letters(token.value):
                yield str(token.value)
        elif token.type == "function" and token.lower_name in _WITH_TEXTS:
            waiting.append(iter(token.arguments))
        elif token.type == "{} block":
            waiting.append(iter(token.content))


def _data_addresses(tokens: Iterable[Any]) -> Iterable[str]:
    """The files inside a value."""
    for token in tokens:
        parts = [token] if token.type == "url" else token.arguments if token.type == "function" else ()
        for part in parts:
            if part.type in ("url", "string") and part.value[:5].lower() == "data:":
                yield str(part.value)


def _texts(name: str, tokens: list[Any]) -> Iterable[str]:
    """Strings in a value that a browser may show: of generated content, quotes, list markers, variables."""
    if not name.startswith(("font", "src", "-webkit-font", "will-change", "grid", "-ms", "mso")):
        yield from strings_of(tokens)
