"""Whether a font shows the letters that a text says, wherever the font comes from.

A font may show any letter for any character: a text in it says one thing, and a person reads another. Each letter of
the alphabet is drawn and compared with all letters of the standard fonts. A letter is a false one if it clearly looks
like another letter, and more so than the shape that the font shows for that other one: in an odd style an h may look
like a k, but the k then looks like a k as well. A few false letters tell in a font whose other letters are clear; among
signs and ornaments, which may look like any letter by chance, many of them do.
"""

from __future__ import annotations

import io
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classifiers.extract.parser_errors import PARSER_ERRORS
from classifiers.extract.readers.fonts.tables import assembled, bare_font, features_of, maps_of, tables_of
from classifiers.extract.readers.pdf.seen import COMPARED, differences, like_letters, shapes_in

DRAWN_OTHERWISE = "a font that shows other letters than a text says"
NOT_DRAWN = "a font whose letters cannot be looked at"

_SIZE = 64
"""Pixels of the size in which letters are drawn."""
_SMALL_SIZE = 24
_MAX_SIDE = 6 * _SIZE
"""Pixels of a side of a shape that may still be a letter."""
_MARGIN = 4
_INK = 40
"""Level (of 255) from which a pixel belongs to a shape."""
_MAX_SIGNS = 240
"""Characters beside the letters of the alphabet that are drawn."""
_PRIVATE = (0xE000, 0xF8FF)
"""Characters without a meaning of their own, which icons use."""
_UNUSED = "\uffff"
_USUAL_SIGNS = (*range(0x30, 0x3A), *range(0xC0, 0x180), *range(0x391, 0x3CA), *range(0x410, 0x450))
"""Characters beside letters that are looked at in a font whose list of characters cannot be read."""
_CLEAR, _VERY_CLEAR, _SHARE, _AS_WELL = 0.35, 0.15, 0.4, 0.02
"""Differences of two shapes that are clearly and very clearly alike, the share of the difference from the letter itself
below which another one is more alike, and how much worse than another one a shape may show a letter."""
_NOT_ITSELF = 0.6
"""Difference from which a shape is not at all the letter that it is said to be."""
_MIN_FALSE, _CLEAR_SHARE = 4, 0.55
"""False letters in a font whose letters are clear, and the share of clear ones from which it is such a font."""
_MIN_FALSE_IN_STYLE, _STYLE_SHARE = 9, 0.35
"""The same of a font in an odd style."""
_FALSE_SHARE = 0.25
"""Share of false letters in any font."""
_MIN_VERY_FALSE = 8
_FALSE_SHARE_IN_ANY, _GAIN = 0.15, 0.43
"""Share of false letters where letters would be as much more alike, on average, if they were said to be others."""
_MIN_LETTERS_OF_SIGNS = 10
"""Letters that other characters clearly look like from which a text in them is one in letters."""
_SIGNS, _SIGNS_SHARE = "SIGN", 0.4
_LIKE_LETTERS = ("LATIN", _SIGNS)
_COLORED = (b"SVG ", b"sbix", b"CBDT", b"COLR")
"""Tables with other shapes than those that are compared, which some programs show."""

_MAX_FEATURES = 60
"""Features of a font that are looked at."""

Levels = npt.NDArray[np.uint8]
_Numbers = npt.NDArray[np.float64]


class _Counts(NamedTuple):
    """Letters of a font: all, those that are clear, the false ones, and how much more alike others are in all."""

    letters: int
    clear: int
    false: int
    very_false: int
    gain: float


def why_not_as_said(font: bytes, deadline: float, characters: Mapping[int, int] | None = None) -> str:
    """Why a text in a font may show other letters than it says; "" if it shows them, or no letters at all.

    `characters` are the numbers of shapes that a document itself gives to characters.
    """
    bare = bare_font(font)
    if not bare:
        return NOT_DRAWN
    tables = tables_of(bare)
    maps = [dict(characters)] if characters is not None else maps_of(tables)
    if not maps:
        if tables:  # it has no characters, or no outlines
            return ""
        return _judge(bare, [*map(ord, COMPARED), *_USUAL_SIGNS], deadline) if bare[:4] in (b"wOF2", b"ttcf") else ""
    looked_at: list[dict[int, int]] = []
    for found in maps:
        kept = {code: found[code] for code in _to_look_at(found)}
        if not kept or kept in looked_at:
            continue
        looked_at.append(kept)
        has_letters = any(ord(letter) in kept for letter in COMPARED)
        if has_letters and any(name in tables for name in _COLORED):
            return NOT_DRAWN
        font_of_map = assembled(tables, kept)
        reason = _judge(font_of_map, kept, deadline)
        if not reason and has_letters and (features := features_of(tables)):
            reason = _judge_features(font_of_map, list(filter(_is_letter, kept)), features, deadline)
        if reason and (reason != NOT_DRAWN or has_letters):
            return reason
    return ""


def _to_look_at(characters: Mapping[int, int]) -> list[int]:
    """The characters of a font that are drawn: the letters of the alphabet, and some others."""
    letters = [ord(letter) for letter in COMPARED if ord(letter) in characters]
    others = [
        code for code in sorted(characters) if code > 0x20 and not _is_letter(code) and not _is_private(code)
    ]  # fmt: skip
    return letters + others[:: max(-(-len(others) // _MAX_SIGNS), 1)]


def _is_letter(code: int) -> bool:
    return code < 0x80 and chr(code).isalpha()


def _is_private(code: int) -> bool:
    return _PRIVATE[0] <= code <= _PRIVATE[1] or code >= 0xF0000


def _judge(font: bytes, codes: Iterable[int], deadline: float) -> str:
    try:
        drawn = dict(_drawn(font, codes, deadline))
    except PARSER_ERRORS:
        return NOT_DRAWN
    if time.monotonic() > deadline:
        return NOT_DRAWN
    return _judge_shapes(drawn) if drawn else ""


def _judge_features(font: bytes, codes: Sequence[int], features: Sequence[str], deadline: float) -> str:
    """The same with the shapes that a font puts in the place of others: always, or if a document asks for them."""
    known: set[bytes] = set()
    line = " ".join(map(chr, codes))
    for feature in (None, *features[:_MAX_FEATURES]):
        names = [] if feature is None else [feature]
        try:
            shown = _line(font, line, names)
            drawn = {} if shown in known else dict(_drawn(font, codes, deadline, names))
        except KeyError:  # Pillow's word for a machine that lacks the library for features
            return ""
        except PARSER_ERRORS:
            return NOT_DRAWN
        if time.monotonic() > deadline:
            return NOT_DRAWN
        if drawn and _judge_shapes(drawn):
            return DRAWN_OTHERWISE
        known.add(shown)
    return ""


def _line(font: bytes, text: str, features: list[str]) -> bytes:
    """A text as a font draws it in a small size, to tell whether a feature changes anything."""
    from PIL import ImageFont  # imported here: most workers never meet a font

    opened = ImageFont.truetype(io.BytesIO(font), _SMALL_SIZE, layout_engine=ImageFont.Layout.RAQM)
    left, top, right, bottom = opened.getbbox(text, features=features)
    if right - left > _MAX_SIDE * len(text) or bottom - top > _MAX_SIDE:
        raise ValueError("letters of a size that no page shows")
    return bytes(opened.getmask(text, features=features))


def _judge_shapes(drawn: Mapping[str, Levels]) -> str:
    letters = [letter for letter in COMPARED if letter in drawn]
    signs = [letter for letter in drawn if letter not in COMPARED]
    found = differences(_compared([drawn[letter] for letter in (*letters, *signs)]))
    of_letters, of_signs = found[: len(letters)], found[len(letters) :]
    is_false = _are_false(_counts(letters, of_letters)) or _are_letters(signs, of_signs)
    return DRAWN_OTHERWISE if is_false else ""


def _drawn(
    font: bytes, codes: Iterable[int], deadline: float, features: list[str] | None = None
) -> Iterator[tuple[str, Levels]]:
    """The shapes of the characters of a font, as far as they have any ink.

    `features`: with the shapes that the font puts in the place of others, and with those that a document may ask for
    by these names. None: the shapes of its map.
    """
    from PIL import ImageFont  # imported here: most workers never meet a font

    layout = ImageFont.Layout.BASIC if features is None else ImageFont.Layout.RAQM
    opened = ImageFont.truetype(io.BytesIO(font), _SIZE, layout_engine=layout)
    nothing = bytes(opened.getmask(_UNUSED))
    for code in codes:
        if time.monotonic() > deadline:
            return
        left, top, right, bottom = opened.getbbox(chr(code), features=features)
        if not (0 < right - left < _MAX_SIDE and 0 < bottom - top < _MAX_SIDE):
            continue
        mask = opened.getmask(chr(code), features=features)
        pixels = bytes(mask)
        if pixels == nothing:
            continue
        levels = np.frombuffer(pixels, dtype=np.uint8).reshape(mask.size[1], mask.size[0])
        rows, columns = (np.nonzero((levels > _INK).any(axis=axis))[0] for axis in (1, 0))
        if len(rows):
            yield chr(code), levels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _compared(shapes: list[Levels]) -> _Numbers:
    """The shapes in the form in which they are compared."""
    height, width = (max(shape.shape[axis] for shape in shapes) + 2 * _MARGIN for axis in (0, 1))
    page = np.full((height * len(shapes), width), 255, dtype=np.uint8)
    boxes = np.empty((len(shapes), 4))
    for number, shape in enumerate(shapes):
        top, bottom, right = height * number + _MARGIN, height * number + _MARGIN + shape.shape[0], shape.shape[1]
        page[top:bottom, _MARGIN : _MARGIN + right] = 255 - shape
        boxes[number] = (_MARGIN, top, _MARGIN + right, bottom)
    return shapes_in(page, boxes)


def _counts(letters: list[str], found: _Numbers) -> _Counts:
    """How many letters look like themselves, and how many like others that are not shown as well by their own shapes.

    Small letters and capitals are looked at apart, since a font may show one for the other.
    """
    total = _Counts(0, 0, 0, 0, 0.0)
    for is_case in (str.islower, str.isupper):
        rows = [number for number, letter in enumerate(letters) if is_case(letter)]
        if not rows:
            continue
        names = [letters[row] for row in rows]
        each = np.stack([found[rows][:, [_place(name), _place(name.swapcase())]].min(axis=1) for name in names], axis=1)
        is_alike = np.array([[not like_letters(name).isdisjoint((other, other.swapcase())) for other in names]
                             for name in names])  # fmt: skip
        own = np.where(is_alike, _own(found[rows], names)[:, None], np.inf).min(axis=1)
        others = np.where(is_alike, np.inf, each)
        nearest = others.argmin(axis=1)
        other = others.min(axis=1)
        is_best = other <= each.diagonal()[nearest] + _AS_WELL
        is_false = is_best & (other < _CLEAR) & (other < _SHARE * own)
        is_false |= (other < _VERY_CLEAR) & (own > _NOT_ITSELF)
        total = _Counts(
            total.letters + len(rows),
            total.clear + int(((own < other) & (own < _CLEAR)).sum()),
            total.false + int(is_false.sum()),
            total.very_false + int((is_false & (other < _VERY_CLEAR)).sum()),
            total.gain + float(np.clip(own - other, 0, None)[is_best].sum()),
        )
    return total


def _own(found: _Numbers, names: list[str]) -> _Numbers:
    """How much each shape differs from the letter that it is said to be, or from one that looks like it."""
    return np.array([
        row[[_place(other) for other in COMPARED if other in like_letters(name)]].min()
        for row, name in zip(found, names, strict=True)
    ])  # fmt: skip


def _place(letter: str) -> int:
    return COMPARED.index(letter)


def _are_false(counts: _Counts) -> bool:
    letters, clear, false, very_false, gain = counts
    return false >= _MIN_FALSE and (
        clear >= _CLEAR_SHARE * letters
        or (false >= _MIN_FALSE_IN_STYLE and clear >= _STYLE_SHARE * letters)
        or false >= _FALSE_SHARE * letters
        or very_false >= _MIN_VERY_FALSE
        or (false >= _FALSE_SHARE_IN_ANY * letters and gain >= _GAIN * letters)
    )


def _are_letters(signs: list[str], found: _Numbers) -> bool:
    """Whether characters beside the alphabet, such as those of another script, are shown as its letters.

    Signs and Latin letters with marks may look like many letters: of them a good share has to.
    """
    seen: defaultdict[str, set[str]] = defaultdict(set)
    alike, drawn = Counter[str](), Counter[str]()
    for sign, row in zip(signs, found, strict=True):
        plain = unicodedata.normalize("NFKC", sign)[:1]
        script = unicodedata.name(plain, _SIGNS).split()[0] if plain.isalpha() else _SIGNS
        drawn[script] += 1
        nearest = int(row.argmin())
        if row[nearest] < _VERY_CLEAR and COMPARED[nearest] not in like_letters(sign) | like_letters(plain):
            seen[script].add(COMPARED[nearest].lower())
            alike[script] += 1
    return any(
        len(letters) >= _MIN_LETTERS_OF_SIGNS
        and (script not in _LIKE_LETTERS or alike[script] >= _SIGNS_SHARE * drawn[script])
        for script, letters in seen.items()
    )
