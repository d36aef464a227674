"""The style of an element, as far as it decides whether text can be seen, and where.

Text is hidden if a person cannot make it out, by whatever property. It is faint if a person may overlook it, or if a
property is not understood: faint letters among clear ones are read both ways.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gateway.core.mime.css.clipping import CLIPPING, SQUEEZING, clips, squeezes
from gateway.core.mime.css.colors import BLACK, WHITE, Color, blend, difference, parse_color
from gateway.core.mime.css.declarations import is_valid
from gateway.core.mime.css.lengths import VIEWPORT, to_pixels

BARE, SEEN, CLEAR = 1, 2, 4
"""Text that is displayed at all; that a person can see; that nobody overlooks."""

MIN_FONT = 1.4
"""Text of this size or smaller cannot be read; in pixels."""
FAINT_FONT = 6.0
MIN_ALPHA, FAINT_ALPHA = 0.06, 0.4
MIN_CONTRAST, FAINT_CONTRAST = 30, 130
"""Differences of colors, summed over red, green and blue."""
_FAR = 90.0
"""Pixels that move text out of a window."""
_FAR_MARGIN = 150.0
_BEYOND = 3_000.0
_FONT_SIZES = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0,
    "xxx-large": 48.0,
}  # fmt: skip
_MIRRORED = re.compile(r"scale(?:x|3d)?\(\s*-|rotatey\(\s*-?(?:180deg|0?\.5turn|200grad)|matrix\(\s*-|^ -")
_OUT_OF_FLOW = ("absolute", "fixed")
_VARIABLE = re.compile(r"var\(\s*(--[^\s,()]{1,200})\s*(?:,([^()]{0,500}(?:\([^()]{0,200}\))?[^()]{0,100}))?\)")
_MAX_SUBSTITUTED = 2_000
_MAX_SUBSTITUTIONS = 60
"""Variables of an element that are replaced by their values. More of them stay, so that they are not understood."""
_MAX_VARIABLES = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """A computed style. `bits` says how well its text can be seen: BARE, SEEN, CLEAR.

    `display` is "" if it is the default of the element. `background` is None if it is a picture. `flow`: "" in the
    normal flow, "float", or "out" if text around it closes up. `is_reversed`: its text is seen from the last letter to
    the first.
    `values` are the properties that are needed rarely. `is_shared`: it may be kept for other documents.
    """

    display: str = ""
    is_displayed: bool = True
    is_visible: bool = True
    is_hidden: bool = False
    is_faint: bool = False
    is_masked: bool = False
    is_painted: bool = False
    opacity: float = 1.0
    font: float = 16.0
    color: Color | None = BLACK
    background: Color | None = WHITE
    flow: str = ""
    keeps_space: bool = False
    direction: str = "ltr"
    is_reversed: bool = False
    decoration: str = ""
    line_height: float | None = None
    variables: Mapping[str, str] | None = None
    values: Mapping[str, str] | None = None
    bits: int = BARE | SEEN | CLEAR
    is_shared: bool = False

    plain: list[Style] = field(default_factory=list)

    def plain_child(self) -> Style:
        """The style of an element inside this one that has no declarations."""
        if self.values is None:
            return self
        if not self.plain:
            self.plain.append(replace(self, display="", flow="", values=None, is_reversed=False, plain=[]))
        return self.plain[0]

    def undisplayed(self) -> Style:
        """This style for an element that is not displayed."""
        return self if not self.is_displayed else replace(self, display="none", is_displayed=False, bits=0, plain=[])

    def value(self, name: str) -> str:
        """A property that is needed rarely; "" if it is not set."""
        return self.values.get(name, "") if self.values is not None else ""


ROOT = Style(is_shared=True)


def compute_style(parent: Style, declared: Mapping[str, str], display: str) -> Style:
    """The style of an element from that of its parent and its declarations. `display`: the default of its name."""
    variables = parent.variables
    if own := {name: value for name, value in declared.items() if name.startswith("--")}:
        variables = {**(variables or {}), **own} if len(variables or ()) < _MAX_VARIABLES else variables
    if any("var(" in value for value in declared.values()):
        declared = dict(_substituted(declared, variables or {}))
    return _Computation(parent, declared, display, variables).style()


def _substituted(declared: Mapping[str, str], variables: Mapping[str, str]) -> list[tuple[str, str]]:
    result = []
    left = _MAX_SUBSTITUTIONS
    for name, value in declared.items():
        if left and "var(" in value and not name.startswith("--"):
            count = 1
            while count and left and len(value) <= _MAX_SUBSTITUTED:
                value, count = _VARIABLE.subn(lambda found: variables.get(found[1], found[2] or " "), value, count=left)
                left -= count
            if name != "content":
                value = value.strip().lower()
            if not value or len(value) > _MAX_SUBSTITUTED or not is_valid(name, value):
                continue
        result.append((name, value))
    return result


class _Computation:
    """One style while it is computed."""

    def __init__(
        self, parent: Style, declared: Mapping[str, str], display: str, variables: Mapping[str, str] | None
    ) -> None:
        self._parent, self._declared, self._display, self._variables = parent, declared, display, variables
        self.font = self._font_size()

    def _get(self, name: str, initial: str = "") -> str:
        """The value of a property that is not inherited."""
        value = self._declared.get(name, initial)
        if value in ("initial", "unset", "revert", "revert-layer"):
            return initial
        return self._parent.value(name) if value == "inherit" else value

    def _pixels(self, name: str, base: float = 600.0) -> float | None:
        value = self._get(name)
        return to_pixels(value, self.font, base) if value else None

    def style(self) -> Style:
        parent, declared = self._parent, self._declared
        display = self._get("display")
        if declared.get("display") in ("initial", "unset"):
            display = "inline"
        is_displayed = parent.is_displayed and display != "none" and self._get("content-visibility") != "hidden"
        visibility = declared.get("visibility", "inherit")
        is_visible = (
            parent.is_visible if visibility in ("inherit", "unset", "revert") else visibility in ("visible", "initial")
        )
        position, float_ = self._get("position", "static"), self._get("float", "none")
        flow = "out" if position in _OUT_OF_FLOW else "float" if float_ != "none" else ""
        color, background = self._color(), self._background()
        is_painted = self._is_painted(color)
        opacity = parent.opacity * self._alpha("opacity") * self._filter_alpha()
        line_height = self._line_height()
        is_hidden, is_faint = parent.is_hidden, parent.is_faint
        if not declared.keys().isdisjoint(SQUEEZING):
            hidden, faint = squeezes(self._get, self._pixels, line_height, self.font, display or self._display)
            is_hidden, is_faint = is_hidden or hidden, is_faint or faint
        if not declared.keys().isdisjoint(CLIPPING):
            hidden, faint = clips(self._get, self._pixels, position)
            is_hidden, is_faint = is_hidden or hidden, is_faint or faint
        is_hidden = is_hidden or self._is_far(position) or self._is_replaced()
        is_faint = is_faint or self._is_strange()
        masked = declared.get("-webkit-text-security")
        style = Style(
            display=display,
            is_displayed=is_displayed,
            is_visible=is_visible,
            is_hidden=is_hidden,
            is_faint=is_faint,
            is_masked=parent.is_masked if masked in (None, "inherit") else masked not in ("none", "initial", "unset"),
            is_painted=is_painted,
            opacity=opacity,
            font=self.font,
            color=color,
            background=background,
            flow=flow,
            keeps_space=self._keeps_space(),
            direction=self._direction(),
            is_reversed=self._is_reversed(),
            decoration=declared.get("vertical-align", "") + self._decoration(),
            line_height=line_height,
            variables=self._variables,
            values=declared,
        )
        object.__setattr__(style, "bits", visibility_bits(style))
        return style

    def _font_size(self) -> float:
        value = self._declared.get("font-size", "inherit")
        parent = self._parent.font
        if value in _INHERITING:
            size = parent
        elif value in _FONT_SIZES or value == "initial":
            size = _FONT_SIZES.get(value, 16.0)
        elif value in ("smaller", "larger"):
            size = parent * (1.2 if value == "larger" else 1 / 1.2)
        else:
            pixels = to_pixels(value, parent, parent)
            size = parent if pixels is None or pixels < 0 else pixels
        return size

    def _line_height(self) -> float | None:
        value = self._declared.get("line-height", "inherit")
        if value in _INHERITING:
            return self._parent.line_height
        if value in ("normal", "initial"):
            return None
        if value.replace(".", "", 1).isdigit():
            return float(value) * self.font
        return to_pixels(value, self.font, self.font)

    def _color(self) -> Color | None:
        value = self._declared.get("-webkit-text-fill-color", "currentcolor")
        if value == "currentcolor":
            value = self._declared.get("color", "inherit")
        if value in ("inherit", "unset", "currentcolor", "revert"):
            return self._parent.color
        return BLACK if value == "initial" else parse_color(value)

    def _background(self) -> Color | None:
        parent = self._parent.background
        value, image = self._get("background-color"), self._get("background-image", "none")
        if image not in ("none", ""):
            return None
        if value in ("", "transparent", "none"):
            return parent
        color = parse_color(value)
        if color is None:
            return None
        return color if color[3] >= 0.99 else None if parent is None else blend(color, parent)

    def _is_painted(self, color: Color | None) -> bool:
        """Whether something else than the color of the text makes it visible."""
        declared = self._declared
        shadow = declared.get("text-shadow", "none" if "color" in declared else "")
        stroke = declared.get("-webkit-text-stroke", "") + declared.get("-webkit-text-stroke-width", "")
        if "text" in (declared.get("background-clip"), declared.get("-webkit-background-clip")):
            return True
        if shadow or stroke:
            return shadow not in ("none", "initial", "") or stroke not in ("", "0", "0px")
        return self._parent.is_painted and color == self._parent.color

    def _alpha(self, name: str) -> float:
        value = to_pixels(self._declared.get(name, "1"), base=1.0)
        return 1.0 if value is None or math.isnan(value) else min(1.0, max(0.0, value))

    def _filter_alpha(self) -> float:
        value = self._get("filter")
        if "opacity(" not in value:
            return 1.0
        alpha = to_pixels(value.partition("opacity(")[2].partition(")")[0].strip(), base=1.0)
        return 1.0 if alpha is None else min(1.0, max(0.0, alpha))

    def _is_far(self, position: str) -> bool:
        """Whether the text is moved out of the window."""
        if self._declared.keys().isdisjoint(_MOVING):
            return False
        indent = self._pixels("text-indent")
        if indent is not None and (indent <= -_FAR or indent >= _BEYOND):
            return True
        for margin in ("margin-left", "margin-top"):
            value = self._pixels(margin)
            if value is not None and (value <= -_FAR_MARGIN or (value >= _BEYOND and margin == "margin-left")):
                return True
        if position not in ("absolute", "fixed", "relative", "sticky"):
            return False
        for edge, base in (
            ("left", VIEWPORT[0]),
            ("top", VIEWPORT[1]),
            ("right", VIEWPORT[0]),
            ("bottom", VIEWPORT[1]),
        ):
            value = self._pixels(edge, base)
            if value is None:
                continue
            if value <= -_FAR and not (edge == "bottom" and position == "absolute"):
                return True
            if value >= _BEYOND and (edge == "left" or position == "fixed"):
                return True
        return False

    def _is_replaced(self) -> bool:
        return self._get("content", "normal").startswith(("url(", "image-set(", "linear-gradient("))

    def _is_strange(self) -> bool:
        """Whether properties are set of which it is not certain what they do to text."""
        if self._declared.keys().isdisjoint(_STRANGE_PROPERTIES):
            return False
        if any(self._get(name, "none") not in ("none", "normal") for name in _STRANGE):
            return True
        filters = self._get("filter", "none")
        if filters != "none" and any(word in filters for word in ("blur", "brightness", "contrast", "invert", "url")):
            return True
        spacing = self._pixels("letter-spacing")
        return (spacing is not None and spacing < -0.3 * self.font) or self._get("animation", "none") not in (
            "none",
            "",
        )

    def _keeps_space(self) -> bool:
        value = self._declared.get("white-space", "inherit")
        return self._parent.keeps_space if value in _INHERITING else value.startswith(("pre", "break"))

    def _direction(self) -> str:
        value = self._declared.get("direction", "inherit")
        if value in _INHERITING:
            return self._parent.direction
        return "rtl" if value == "rtl" else "ltr"

    def _is_reversed(self) -> bool:
        if "override" in self._get("unicode-bidi", "normal") and self._direction() == "rtl":
            return True
        return _MIRRORED.search(f"{self._get('transform')} {self._get('scale')}") is not None

    def _decoration(self) -> str:
        value = self._declared.get("text-decoration", self._declared.get("text-decoration-line", ""))
        return value if "line-through" in value else self._parent.decoration if not value else ""


_INHERITING = ("inherit", "unset", "revert", "revert-layer")
_EDGES = (("left", VIEWPORT[0]), ("top", VIEWPORT[1]), ("right", VIEWPORT[0]), ("bottom", VIEWPORT[1]))
_MOVING = frozenset("text-indent margin-left margin-top left top right bottom".split())
_STRANGE_PROPERTIES = frozenset(
    "mask mask-image mix-blend-mode -webkit-box-reflect filter letter-spacing animation animation-name".split()
)
_STRANGE = ("mask", "mask-image", "mix-blend-mode", "-webkit-box-reflect")


def visibility_bits(style: Style) -> int:
    """How well the text of a style can be seen."""
    if not style.is_displayed:
        return 0
    if not style.is_visible:
        return 0
    if style.is_masked or style.font <= MIN_FONT:
        return 0
    if style.is_hidden or style.opacity < MIN_ALPHA:
        return BARE
    faint = style.is_faint or style.font < FAINT_FONT or style.opacity < FAINT_ALPHA
    color, background = style.color, style.background
    if color is None:
        faint = True
    elif not style.is_painted:
        if color[3] < MIN_ALPHA:
            return BARE
        alpha = color[3] * style.opacity
        if background is not None:
            contrast = difference(blend((*color[:3], alpha), background), background)
            if contrast <= MIN_CONTRAST:
                return BARE if alpha < 1 else 0
            faint = faint or contrast < FAINT_CONTRAST
        else:
            faint = faint or alpha < FAINT_ALPHA
    return BARE | SEEN | (0 if faint else CLEAR)
