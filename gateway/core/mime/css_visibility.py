"""What the CSS of an HTML element hides from a reader: by display, position, size or color.

Lenient on purpose: whatever a reader cannot see counts as hidden, whichever rule hides it. A color in a notation that
is not understood here is ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

Color = tuple[int, int, int]

WHITE: Color = (255, 255, 255)

_ZERO = r"(?:0+(?:\.0+)?|\.0+)(?:px|pt|em|rem|%|vw|vh)?(?![\d.])"
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|max-(?:height|width)\s*:\s*0(?![.\d]*[1-9])"
    r"|(?:text-indent|left|right|top|bottom|margin-left|margin-top)\s*:\s*-(?:\d{3,}(?:px|pt)?(?![\d.%a-z])|\d{4,}|\d{2,}(?:em|rem)"
    r"|\d{3,}(?:%|vw|vh))"
    r"|clip\s*:\s*rect\s*\(\s*[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?\s*\)"
    rf"|(?<![\w-])scale\s*:\s*{_ZERO}|scale[xy3d]*\s*\(\s*{_ZERO}\s*[,)]"
    r"|translate[xy3d]*\s*\([^)]{0,40}-(?:\d{3,}(?:px|pt|vw|vh|%)|\d{2,}(?:em|rem))"
    r"|clip-path\s*:\s*(?:inset\s*\(\s*(?:100|[5-9]\d)%|circle\s*\(\s*0|polygon\s*\(\s*(?:0(?:px|%)?[\s,]*){4,}\))"
    rf"|filter\s*:\s*opacity\s*\(\s*{_ZERO}|(?<![\w-])zoom\s*:\s*{_ZERO}|content-visibility\s*:\s*hidden"
    r"|(?:(?<![\w-])color|-webkit-text-fill-color)\s*:\s*(?:transparent|#[0-9a-f]{3}0(?![0-9a-f])|#[0-9a-f]{6}00"
    rf"|(?:rgb|hsl)a\(\s*(?:[^,)]{{1,20}},){{3}}\s*{_ZERO}\s*\)|(?:rgb|hsl)a?\([^/)]{{1,40}}/\s*{_ZERO}\s*\))"
    r"|letter-spacing\s*:\s*-(?:\d+(?:\.\d+)?(?:em|rem)|\d{2,}px)",
    re.IGNORECASE,
)
_FONT = re.compile(
    r"font(?:-size)?\s*:\s*(?:calc\(\s*)?(?:(?:bold|italic|normal|\d00)\s+)*(\d*\.?\d+)\s*(px|pt|em|rem|%|vw|(?=[/;!\s)]|\Z))",
    re.IGNORECASE,
)
_OPACITY = re.compile(r"(?<![\w-])opacity\s*:\s*(\d*\.?\d+)\s*(%?)", re.IGNORECASE)
_NO_SIZE = re.compile(r"(?<![\w-])(?:height|width|line-height)\s*:\s*[01](?:px)?\s*(?:;|!|\Z)", re.IGNORECASE)
_CLIPPED = re.compile(r"overflow\s*:\s*(?:hidden|clip)", re.IGNORECASE)
_COLOR = re.compile(r"(?:(?<![\w-])color|-webkit-text-fill-color)\s*:\s*([^;!]+)", re.IGNORECASE)
_BACKGROUND = re.compile(r"(?<![\w-])background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_BIDI_OVERRIDE = re.compile(r"unicode-bidi\s*:\s*(?:bidi-override|isolate-override)", re.IGNORECASE)
_RIGHT_TO_LEFT = re.compile(r"direction\s*:\s*rtl", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_WHITE = re.compile(r"(?:rgb\(\s*100%[\s,]+100%[\s,]+100%|hsla?\([^)]*,\s*100%|hsla?\([^)]*\s100%)", re.IGNORECASE)
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\b", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})", re.IGNORECASE)
_NAMED_COLORS = {
    "white": WHITE, "black": (0, 0, 0), "red": (255, 0, 0), "yellow": (255, 255, 0), "gray": (128, 128, 128),
    "grey": (128, 128, 128), "silver": (192, 192, 192), "blue": (0, 0, 255), "green": (0, 128, 0),
    "snow": (255, 250, 250), "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245),
}  # fmt: skip
_MIN_FONT_SIZE = {"px": 1.0, "pt": 1.0, "em": 0.1, "rem": 0.1, "%": 5.0, "vw": 0.1, "": 0.0}
_CACHED_STYLE = 200
"""Longer inline styles are not cached; in characters."""
_CACHED_SHEET = 8_000
"""Longer style sheets are not cached; in characters."""
_MIN_CONTRAST = 30
"""Colors that differ by at most this much, summed over red, green and blue, look the same."""

_BRACE = re.compile(r"[{}]")
_SELECTOR = re.compile(r"(?:.*[\s>+~])?(?:\w*([.#][\w-]+)|\w*(\[[\w-]+\])|([a-zA-Z]\w*))\s*\Z", re.DOTALL)
_NEVER_HIDDEN = frozenset({"html", "body"})
_CONTENT = re.compile(r"(?<![\w-])content\s*:\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
MAX_SHEET = 64_000
"""Characters of a style sheet that are read."""


def normalize_css(style: str) -> str:
    """A style without comments and escapes."""
    if "/*" in style:
        style = _COMMENT.sub("", style)
    return _ESCAPE.sub(_unescape, style) if "\\" in style else style


def _unescape(found: re.Match[str]) -> str:
    code = int(found[1] or "0", 16)
    return found[2] or (chr(code) if 0 < code < 0x11_0000 and not 0xD800 <= code < 0xE000 else " ")


@dataclass(frozen=True, slots=True)
class ComputedStyle:
    """What the inline style of an element says about the text in it.

    `hidden`: the text is not shown. `reversed`: it is shown from the last letter to the first. `color`: its color, None
    if the style sets none that is understood. `background`: see `background_color`.
    """

    hidden: bool
    reversed: bool
    color: Color | None
    background: tuple[bool, Color | None]


def compute_style(style: str) -> ComputedStyle:
    """The effect of an inline style. Most elements of a page share a few styles, so short ones are cached."""
    return _compute_style(style) if len(style) <= _CACHED_STYLE else _compute_style.__wrapped__(style)


@lru_cache(maxsize=512)
def _compute_style(style: str) -> ComputedStyle:
    style = normalize_css(style)
    return ComputedStyle(hides_text(style), reverses_text(style), text_color(style), background_color(style))


def reverses_text(style: str) -> bool:
    """Whether text with this style is shown from the last letter to the first."""
    return _BIDI_OVERRIDE.search(style) is not None and _RIGHT_TO_LEFT.search(style) is not None


def hides_text(style: str) -> bool:
    """Whether an element with this style shows nothing of its content."""
    if ":" not in style:
        return False
    if _HIDING.search(style):
        return True
    font = _FONT.search(style)
    if font is not None and float(font[1]) <= _MIN_FONT_SIZE[font[2].lower()]:
        return True
    opacity = _OPACITY.search(style)
    if opacity is not None and float(opacity[1]) / (100 if opacity[2] else 1) <= 0.05:
        return True
    return _NO_SIZE.search(style) is not None and _CLIPPED.search(style) is not None


def hidden_selectors(sheet: str) -> frozenset[str]:
    """What a style sheet hides on every screen: classes (".name"), ids ("#name"), attributes ("[name]") and elements.

    Only the last part of a selector counts: an element that is hidden inside another one counts as hidden everywhere.
    Rules inside @rules are ignored, because they may not apply. Short sheets are cached: a mail program writes the same
    sheet into every message.
    """
    return _hidden_selectors(sheet) if len(sheet) <= _CACHED_SHEET else _hidden_selectors.__wrapped__(sheet)


@lru_cache(maxsize=64)
def _hidden_selectors(sheet: str) -> frozenset[str]:
    found: set[str] = set()
    sheet, depth, at, selectors = normalize_css(sheet[:MAX_SHEET]), 0, 0, ""
    sets_background = "background" in sheet
    for brace in _BRACE.finditer(sheet):
        between, at = sheet[at : brace.start()], brace.end()
        if brace.group() == "{":
            depth += 1
            selectors = between if depth == 1 else ""
        else:
            depth = max(0, depth - 1)
            if (
                depth == 0
                and "@" not in selectors
                and (hides_text(between) or (not sets_background and _is_white(between)))
            ):
                for selector in selectors.split(",")[:100]:
                    if ":" not in selector and (name := _SELECTOR.match(selector[-200:])):
                        found.add(name[1] or name[2] or name[3].lower())
            selectors = ""
    return frozenset(found - _NEVER_HIDDEN)


def _is_white(style: str) -> bool:
    color = text_color(style)
    return color is not None and look_alike(color, WHITE)


def generated_text(sheet: str) -> str:
    """The text that a style sheet itself inserts before and after elements."""
    found = (normalize_css(content[1] or content[2] or "") for content in _CONTENT.finditer(sheet[:MAX_SHEET]))
    return " ".join(text for text in found if any(map(str.isalnum, text)))


def text_color(style: str, attribute: str = "") -> Color | None:
    """The text color that a style or an HTML attribute sets; None if it sets none that is understood."""
    found = _COLOR.search(style)
    return parse_color(found[1] if found else attribute)


def background_color(style: str, attribute: str = "") -> tuple[bool, Color | None]:
    """Whether a style or an HTML attribute sets a background, and its color if it is a plain color."""
    found = _BACKGROUND.search(style)
    value = found[1] if found else attribute
    is_set = bool(value.strip()) and "transparent" not in value
    return is_set, None if "(" in value and "rgb" not in value else parse_color(value)


def parse_color(value: str) -> Color | None:
    """A color in CSS or HTML notation; None if it is not understood."""
    if _WHITE.search(value):
        return WHITE
    if found := _HEX.search(value):
        digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.search(value):
        return int(found[1]), int(found[2]), int(found[3])
    return next((_NAMED_COLORS[word] for word in value.lower().split() if word in _NAMED_COLORS), None)


def look_alike(one: Color, other: Color) -> bool:
    """Whether text of one color cannot be read on a background of the other."""
    return sum(abs(mine - theirs) for mine, theirs in zip(one, other, strict=True)) <= _MIN_CONTRAST
