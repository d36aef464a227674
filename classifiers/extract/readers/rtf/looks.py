"""How the text of RTF looks: its color, size, font, lines, letters and height above the line."""

from __future__ import annotations

_PLAIN, _HEIGHTS = "plain", frozenset(("super", "sub", "up", "dn", "nosupersub"))
_UNDERLINES = frozenset(
    "ul ulnone ulw uld uldb uldash uldashd uldashdd ulhair ulhwave ulldash ulth ulthd ulthdash ulthdashd ulthdashdd "
    "ulthldash ululdbwave ulwave".split()
)
LOOK_WORDS = frozenset(
    "b i cf highlight cb chcbpat chshdng fs f caps scaps strike striked outl shad embo impr expnd expndtw "
    "chbrdr".split()
) | {_PLAIN, *_HEIGHTS, *_UNDERLINES}
_OFF = frozenset(("ulnone", "nosupersub"))


def look_with(look: frozenset[str], word: str, number: int | None) -> frozenset[str]:
    """A look that a control word changes."""
    if word == _PLAIN:
        return frozenset()
    kinds = _HEIGHTS if word in _HEIGHTS else _UNDERLINES if word in _UNDERLINES else (word,)
    others = frozenset(part for part in look if part.partition(" ")[0] not in kinds)
    return others if word in _OFF or (number == 0 and word != "f") else others | {f"{word} {number}"}
