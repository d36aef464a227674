"""What the style of an HTML element hides from a person: by its display, its place, its size or its colours.

Lenient on purpose: what nobody could read counts as hidden, whatever the rule that hides it; where a colour is set in
a way that is not read here, nothing is said of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)

_ZERO = r"(?:0+(?:\.0+)?|\.0+)(?:px|pt|em|rem|%|vw|vh)?(?![\d.])"
_PLAIN = re.compile(
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
_NOTHING = re.compile(r"(?<![\w-])(?:height|width|line-height)\s*:\s*[01](?:px)?\s*(?:;|!|\Z)", re.IGNORECASE)
_CUT = re.compile(r"overflow\s*:\s*(?:hidden|clip)", re.IGNORECASE)
_INK = re.compile(r"(?:(?<![\w-])color|-webkit-text-fill-color)\s*:\s*([^;!]+)", re.IGNORECASE)
_PAPER = re.compile(r"(?<![\w-])background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_TURNED = re.compile(r"unicode-bidi\s*:\s*(?:bidi-override|isolate-override)", re.IGNORECASE)
_RIGHT_TO_LEFT = re.compile(r"direction\s*:\s*rtl", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_WHITE = re.compile(r"(?:rgb\(\s*100%[\s,]+100%[\s,]+100%|hsla?\([^)]*,\s*100%|hsla?\([^)]*\s100%)", re.IGNORECASE)
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\b", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})", re.IGNORECASE)
_NAMED = {"white": WHITE, "black": (0, 0, 0), "red": (255, 0, 0), "yellow": (255, 255, 0), "gray": (128, 128, 128),
          "grey": (128, 128, 128), "silver": (192, 192, 192), "blue": (0, 0, 255), "green": (0, 128, 0),
          "snow": (255, 250, 250), "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245)}  # fmt: skip
_SMALLEST = {"px": 1.0, "pt": 1.0, "em": 0.1, "rem": 0.1, "%": 5.0, "vw": 0.1, "": 0.0}
_FEW = 200
"""Characters of a style up to which it is remembered."""
_SHEET = 8_000
"""Characters of a style sheet up to which it is remembered."""
_ALIKE = 30
"""Up to this difference, summed over red, green and blue, nobody tells two colours apart."""

_BRACE = re.compile(r"[{}]")
_SELECTOR = re.compile(r"(?:.*[\s>+~])?(?:\w*([.#][\w-]+)|\w*(\[[\w-]+\])|([a-zA-Z]\w*))\s*\Z", re.DOTALL)
_ALWAYS_THERE = frozenset({"html", "body"})
_WRITTEN = re.compile(r"(?<![\w-])content\s*:\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
LONGEST_SHEET = 64_000
"""Characters of a style sheet that are looked at."""


def spelt(style: str) -> str:
    """A style without comments and escapes."""
    if "/*" in style:
        style = _COMMENT.sub("", style)
    return _ESCAPE.sub(_meant, style) if "\\" in style else style


def _meant(found: re.Match[str]) -> str:
    code = int(found[1] or "0", 16)
    return found[2] or (chr(code) if 0 < code < 0x11_0000 and not 0xD800 <= code < 0xE000 else " ")


def turns(style: str) -> bool:
    """Whether an element with this style shows its text from the last letter to the first."""
    return _TURNED.search(style) is not None and _RIGHT_TO_LEFT.search(style) is not None


@dataclass(frozen=True, slots=True)
class Look:
    """What a style says of the text in its element."""

    hides: bool
    turns: bool
    ink: Colour | None
    paper: tuple[bool, Colour | None]


def look(style: str) -> Look:
    """What the style of an element says; those of a page are mostly the same few."""
    return _look(style) if len(style) <= _FEW else _look.__wrapped__(style)


@lru_cache(maxsize=512)
def _look(style: str) -> Look:
    style = spelt(style)
    return Look(hides(style), turns(style), ink(style), paper(style))


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
    """What a style sheet hides on every screen: classes (".name"), ids ("#name"), attributes ("[name]") and elements.

    Of a selector the last part counts: what is hidden only within something else is taken for hidden everywhere. What
    is in @rules may not be in force. A mail program writes the same sheet into every mail.
    """
    return _hidden_names(sheet) if len(sheet) <= _SHEET else _hidden_names.__wrapped__(sheet)


@lru_cache(maxsize=64)
def _hidden_names(sheet: str) -> frozenset[str]:
    found: set[str] = set()
    sheet, depth, at, selectors = spelt(sheet[:LONGEST_SHEET]), 0, 0, ""
    paints = "background" in sheet
    for brace in _BRACE.finditer(sheet):
        between, at = sheet[at : brace.start()], brace.end()
        if brace.group() == "{":
            depth += 1
            selectors = between if depth == 1 else ""
        else:
            depth = max(0, depth - 1)
            if depth == 0 and "@" not in selectors and (hides(between) or (not paints and _is_white(between))):
                for each in selectors.split(",")[:100]:
                    if ":" not in each and (name := _SELECTOR.match(each[-200:])):
                        found.add(name[1] or name[2] or name[3].lower())
            selectors = ""
    return frozenset(found - _ALWAYS_THERE)


def _is_white(style: str) -> bool:
    text = ink(style)
    return text is not None and alike(text, WHITE)


def written(sheet: str) -> str:
    """What a style sheet itself writes before and behind elements."""
    found = (spelt(each[1] or each[2] or "") for each in _WRITTEN.finditer(sheet[:LONGEST_SHEET]))
    return " ".join(each for each in found if any(map(str.isalnum, each)))


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
    if _WHITE.search(written):
        return WHITE
    if found := _HEX.search(written):
        digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.search(written):
        return int(found[1]), int(found[2]), int(found[3])
    return next((_NAMED[word] for word in written.lower().split() if word in _NAMED), None)


def alike(one: Colour, other: Colour) -> bool:
    """Whether text of one colour on the other cannot be read."""
    return sum(abs(mine - theirs) for mine, theirs in zip(one, other, strict=True)) <= _ALIKE
