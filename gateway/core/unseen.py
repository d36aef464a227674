"""What the style of an HTML element hides from a person: by its display, its place, its size or its colours.

Lenient on purpose: what nobody could read counts as hidden, whatever the rule that hides it; where a colour is set in
a way that is not read here, nothing is said of it.
"""

from __future__ import annotations

import re

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)

_PLAIN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|max-(?:height|width)\s*:\s*0(?![.\d]*[1-9])"
    r"|text-indent\s*:\s*-\d{3,}|(?:left|right|top|bottom|margin-left|margin-top)\s*:\s*-\d{4,}"
    r"|clip\s*:\s*rect\s*\(\s*[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?\s*\)"
    r"|transform\s*:\s*scale\s*\(\s*0\s*\)|(?<![\w-])color\s*:\s*transparent",
    re.IGNORECASE,
)
_FONT = re.compile(r"font-size\s*:\s*(\d*\.?\d+)\s*(px|pt|em|rem|%|vw|)", re.IGNORECASE)
_OPACITY = re.compile(r"(?<![\w-])opacity\s*:\s*(\d*\.?\d+)\s*(%?)", re.IGNORECASE)
_NOTHING = re.compile(r"(?<![\w-])(?:height|width)\s*:\s*[01](?:px)?\s*(?:;|!|\Z)", re.IGNORECASE)
_CUT = re.compile(r"overflow\s*:\s*hidden", re.IGNORECASE)
_INK = re.compile(r"(?<![\w-])color\s*:\s*([^;!]+)", re.IGNORECASE)
_PAPER = re.compile(r"(?<![\w-])background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\b", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})", re.IGNORECASE)
_NAMED = {"white": WHITE, "black": (0, 0, 0), "red": (255, 0, 0), "yellow": (255, 255, 0), "gray": (128, 128, 128),
          "grey": (128, 128, 128), "silver": (192, 192, 192), "blue": (0, 0, 255), "green": (0, 128, 0),
          "snow": (255, 250, 250), "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245)}  # fmt: skip
_SMALLEST = {"px": 1.0, "pt": 1.0, "em": 0.1, "rem": 0.1, "%": 5.0, "vw": 0.1, "": 0.0}
_ALIKE = 30
"""Up to this difference, summed over red, green and blue, nobody tells two colours apart."""

_BRACE = re.compile(r"[{}]")
_SELECTOR = re.compile(r"\s*\w*([.#][\w-]+)\s*\Z")
LONGEST_SHEET = 64_000
"""Characters of a style sheet that are looked at."""


def hides(style: str) -> bool:
    """Whether an element with this style shows nothing of what is in it."""
    if ":" not in style:
        return False
    if _PLAIN.search(style):
        return True
    font = _FONT.search(style)
    if font is not None and float(font[1]) <= _SMALLEST[font[2].lower()]:
        return True
    opacity = _OPACITY.search(style)
    if opacity is not None and float(opacity[1]) / (100 if opacity[2] else 1) <= 0.05:
        return True
    return _NOTHING.search(style) is not None and _CUT.search(style) is not None


def hidden_names(sheet: str) -> frozenset[str]:
    """The classes (".name") and ids ("#name") that a style sheet hides on every screen: what is in @rules may not."""
    found: set[str] = set()
    sheet, depth, at, selectors = sheet[:LONGEST_SHEET], 0, 0, ""
    for brace in _BRACE.finditer(sheet):
        between, at = sheet[at : brace.start()], brace.end()
        if brace.group() == "{":
            depth += 1
            selectors = between if depth == 1 else ""
        else:
            depth = max(0, depth - 1)
            if depth == 0 and "@" not in selectors and hides(between):
                found |= {name[1] for each in selectors.split(",")[:100] if (name := _SELECTOR.match(each[-200:]))}
            selectors = ""
    return frozenset(found)


def ink(style: str, attribute: str = "") -> Colour | None:
    """The colour of text that an element sets, None where it sets none that is understood."""
    found = _INK.search(style)
    return colour(found[1] if found else attribute)


def paper(style: str, attribute: str = "") -> tuple[bool, Colour | None]:
    """Whether an element sets what is behind its text, and the colour where that is one."""
    found = _PAPER.search(style)
    written = found[1] if found else attribute
    return bool(
        written.strip()
    ) and "transparent" not in written, None if "(" in written and "rgb" not in written else colour(written)


def colour(written: str) -> Colour | None:
    """A colour as HTML writes it."""
    if found := _HEX.search(written):
        digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.search(written):
        return int(found[1]), int(found[2]), int(found[3])
    return next((_NAMED[word] for word in written.lower().split() if word in _NAMED), None)


def alike(one: Colour, other: Colour) -> bool:
    """Whether text of one colour on the other cannot be read."""
    return sum(abs(mine - theirs) for mine, theirs in zip(one, other, strict=True)) <= _ALIKE
