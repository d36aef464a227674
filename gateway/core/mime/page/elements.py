"""What browsers do with an element by its name and attributes, before any style sheet (HTML, "Rendering")."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from gateway.core.mime.css.colors import legacy_color
from gateway.core.mime.css.declarations import Declarations
from gateway.core.mime.page.tree import TEMPLATE

Attributes = Mapping[str, str | None]

BLOCKS = frozenset(
    "address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer form "
    "frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup option p "
    "plaintext pre search section summary table tbody tfoot thead tr ul xmp".split()
)
NOT_RENDERED = frozenset(
    f"area base basefont dialog datalist head link meta noembed noframes audio canvas meter progress "
    f"video iframe param rp script style {TEMPLATE} title desc defs symbol "
    "metadata lineargradient radialgradient clippath mask pattern marker annotation annotation-xml".split()
)
CELLS = frozenset({"td", "th"})

_DISPLAYS = {
    **dict.fromkeys(BLOCKS, "block"), **dict.fromkeys(NOT_RENDERED, "none"), **dict.fromkeys(CELLS, "table-cell"),
    "table": "table", "tr": "table-row", "caption": "table-caption", "li": "list-item", "button": "inline-block",
    "input": "inline-block", "select": "inline-block", "textarea": "inline-block", "marquee": "inline-block",
    "img": "inline", "rt": "ruby-text", "foreignobject": "block", "text": "block", "noscript": "inline",
}  # fmt: skip
_FORM_COLORS = {"color": "black", "background-color": "white", "font-size": "13.33px"}
_DECLARED: dict[str, dict[str, str]] = {
    "h1": {"font-size": "2em"}, "h2": {"font-size": "1.5em"}, "h3": {"font-size": "1.17em"},
    "h5": {"font-size": ".83em"}, "h6": {"font-size": ".67em"}, "small": {"font-size": "smaller"},
    "big": {"font-size": "larger"}, "sub": {"font-size": "smaller", "vertical-align": "sub"},
    "sup": {"font-size": "smaller", "vertical-align": "super"}, "s": {"text-decoration": "line-through"},
    "strike": {"text-decoration": "line-through"}, "del": {"text-decoration": "line-through"},
    "pre": {"white-space": "pre"}, "xmp": {"white-space": "pre"}, "listing": {"white-space": "pre"},
    "plaintext": {"white-space": "pre"}, "textarea": {"white-space": "pre-wrap", **_FORM_COLORS},
    "bdo": {"unicode-bidi": "bidi-override"}, "mark": {"background-color": "yellow", "color": "black"},
    "button": {"color": "black", "background-color": "#efefef", "font-size": "13.33px"}, "input": _FORM_COLORS,
    "select": _FORM_COLORS, "rt": {"font-size": "50%"},
}  # fmt: skip
_FONT_SIZES = {1: "10px", 2: "13px", 3: "16px", 4: "18px", 5: "24px", 6: "32px", 7: "48px"}
_SVG_PROPERTIES = ("opacity", "font-size", "display", "visibility", "fill-opacity", "letter-spacing", "direction")
HINTS = frozenset("hidden color bgcolor background text size dir".split())
"""Attributes that change the style of an element."""
_SPECIAL = frozenset("a dialog input".split())
SPECIAL_NAMES = frozenset({
    *_DECLARED, *NOT_RENDERED, "a", "blockquote", "svg", "math", "xml", "li", "foreignobject", "iframe", "rt", "thead",
    "tfoot",
})  # fmt: skip
"""Elements that have declarations of their own, or that are treated apart, even without attributes."""
_PLAIN = {name: Declarations(declared, {}) for name, declared in _DECLARED.items()}


def default_display(name: str) -> str:
    """The display of an element that nothing else sets."""
    return _DISPLAYS.get(name, "inline")


def default_declarations(name: str, attributes: Attributes, in_svg: bool) -> Declarations | None:
    """The declarations of an element that come from its name and its attributes; None if there are none."""
    if not attributes:
        return _PLAIN.get(name)
    if in_svg:
        return Declarations({**_DECLARED.get(name, {}), **_svg(attributes)}, {})
    if HINTS.isdisjoint(attributes) and name not in _SPECIAL:
        return _PLAIN.get(name)
    return _hinted(
        name, "hidden" in attributes, attributes.get("color") or "", attributes.get("bgcolor") or "",
        bool(attributes.get("background")), attributes.get("text") or "", attributes.get("size") or "",
        attributes.get("dir") or "", "href" in attributes, "open" in attributes, (attributes.get("type") or "").lower(),
    )  # fmt: skip


@lru_cache(maxsize=2048)
def _hinted(
    name: str, is_hidden: bool, color: str, background: str, has_picture: bool, text: str, size: str, direction: str,
    is_link: bool, is_open: bool, kind: str,
) -> Declarations | None:  # fmt: skip
    found = dict(_DECLARED.get(name, {}))
    if name == "a" and is_link:
        found["color"] = "#0000ee"
    if is_hidden or (name == "input" and kind.strip() == "hidden"):
        found["display"] = "none"
    elif name == "dialog" and is_open:
        found["display"] = "block"
    color = text if name == "body" else color if name in ("font", "basefont", "hr") else ""
    if (parsed := legacy_color(color)) is not None:
        found["color"] = _rgb(parsed)
    if (parsed := legacy_color(background)) is not None:
        found["background-color"] = _rgb(parsed)
    if has_picture:
        found["background-image"] = "url()"
    if name in ("font", "basefont") and (pixels := _font_size(size)):
        found["font-size"] = pixels
    if (direction := direction.strip().lower()) in ("ltr", "rtl"):
        found["direction"] = direction
    return Declarations(found, {}) if found else None


def _value(attributes: Attributes, name: str) -> str:
    return (attributes.get(name) or "").strip().lower()


def _rgb(color: tuple[float, float, float, float]) -> str:
    return "rgb({} {} {})".format(*(round(255 * part) for part in color[:3]))


def _font_size(value: str) -> str:
    value = value.strip()[:4]
    sign, digits = value[:1], value.lstrip("+-")
    if not digits[:1].isdigit() or not digits[:1].isascii():
        return ""
    number = int(digits[0])
    number = 3 + number if sign == "+" else 3 - number if sign == "-" else number
    return _FONT_SIZES[min(7, max(1, number))]


def _svg(attributes: Attributes) -> dict[str, str]:
    found = {name: value for name in _SVG_PROPERTIES if (value := attributes.get(name))}
    fill = _value(attributes, "fill")
    if fill == "none":
        found["color"] = "transparent" if not attributes.get("stroke") else "black"
    elif fill and not fill.startswith("url"):
        found["color"] = fill
    if "hidden" in attributes:
        found["display"] = "none"
    return found
