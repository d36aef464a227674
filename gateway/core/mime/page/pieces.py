"""What the small pieces of a page say that anything sets apart from the others, or puts in an order.

Style sheets, elements and attributes hide a piece, cover it, shrink it or move it in more ways than can be listed, and
each program knows others. Whatever it is, it must be written down: pieces that are seen have something in common that
those between them do not have, and pieces that are moved have numbers. So the pieces with each name, attribute,
declaration and rule are read by themselves, and those with numbers in the order of their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from gateway.core.mime.page.frame import Frame
from gateway.core.mime.page.runs import CELL, SEEN, Run
from gateway.core.mime.spelling.diagonals import diagonals
from gateway.core.mime.spelling.spelled_words import is_sentence, is_short_piece, spells_words

_MAX_WORDS = 3
"""Words of a piece that stands by itself."""
_MAX_LENGTH = 60
_MIN_PIECES, _MAX_PIECES = 5, 4_000
_MAX_LETTERS, _MIN_LETTERS = 2, 24
"""Letters of a piece that is no word, and such pieces from which they are looked at."""
_MIN_GROUP = 5
_MIN_APART = 4
"""Places where pieces of a group have others between them."""
_ANCESTORS = 3
"""Elements around a piece whose names, attributes and styles are its own, too."""
_MAX_FEATURES, _MAX_FOUND, _MAX_OTHERS = 40, 8, 100
_MAX_STYLE, _MAX_RULES = 600, 12
_DECLARATION = re.compile(r"([\w-]{2,40})\s{0,9}:\s{0,9}([^;]{0,120})")
_NUMBER = re.compile(r"-?(?:\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})")
_MOST_DIFFER = 0.7
"""The share of pieces whose numbers differ, from which they are an order."""
_FROM_THE_END = ("right", "bottom", "inline-end")
_TEXTS = frozenset("alt title value href src placeholder label content aria-label style id srcdoc data d".split())
"""Attributes whose values set nothing apart."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word or letters. `at`: its place among the pieces and texts; `features`: of this piece within its element."""

    at: int
    text: str
    frame: Frame
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """What pieces say: `sentences`, to somebody or spelled; and `words` that may be one."""

    sentences: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def set_apart(runs: Sequence[Run]) -> Apart:
    """What pieces say that have something in common, and pieces in the order of their numbers."""
    found: dict[str, None] = {}
    others: dict[str, None] = dict.fromkeys(map(" ".join, diagonals(_rows(runs))))
    looks = Looks()
    letters: list[_Piece] = []
    for pieces in _stretches(runs):
        letters += [piece for piece in pieces if len(piece.text) <= _MAX_LETTERS]
        ways = (pieces, *filter(_are_apart, _groups(pieces, looks)), *_orders(pieces, looks))
        for way in ways:  # links may stand between all of them
            words = [piece.text for piece in way]
            if is_sentence(words):
                found[" ".join(words)] = None
            elif way is not pieces:  # all of them are read where they stand
                others[" ".join(words)] = None
    if len(letters) >= _MIN_LETTERS:
        for group in (letters, *_groups(letters, looks), *_orders(letters, looks)):
            if spells_words(text := "".join([piece.text for piece in group if is_short_piece(piece.text)])):
                found[text] = None
    return Apart(tuple(islice(found, _MAX_FOUND)), tuple(islice(others, _MAX_OTHERS)))


def _stretches(runs: Sequence[Run]) -> Iterator[list[_Piece]]:
    """The pieces that follow each other without a longer text between them."""
    pieces: list[_Piece] = []
    left = _MAX_PIECES
    ordinals: dict[int, int] = {}
    for run in runs:
        frame: Frame | None = run.frame
        if frame is None or not (text := run.text.strip()):
            continue
        words = text.split() if len(text) <= _MAX_LENGTH else ()
        if not 1 <= len(words) <= _MAX_WORDS:
            if len(pieces) >= _MIN_PIECES:
                yield pieces
            pieces = []
            continue
        ordinal = ordinals[id(frame)] = ordinals.get(id(frame), -1) + 1
        for number, word in enumerate(words):
            turn = len(pieces) % 2
            here = (f"text {min(ordinal, 2)}", f"word {number}", f"word {number - len(words)}", f"turn {turn}")
            pieces.append(_Piece(len(pieces), word, frame, here))
        left -= len(words)
        if left < 0:
            break
    if len(pieces) >= _MIN_PIECES:
        yield pieces


def _rows(runs: Sequence[Run]) -> list[list[str]]:
    """The lines that are seen, each as the cells of a table, or its words; between these kinds an empty one."""
    rows: list[list[str]] = []
    row: list[str] = [""]
    is_of_table = was_of_table = False
    for run in runs:
        if not run.mask & SEEN:
            continue
        if run.text[:1] == "\n":
            cells = row[1:] if is_of_table else row[0].split()
            if cells:
                rows += [cells] if is_of_table == was_of_table else [[], cells]
                was_of_table = is_of_table
            row, is_of_table = [""], False
        elif run.kind == CELL:
            is_of_table = True
            row.append("")
        else:
            row[-1] += run.text if len(row[-1]) < _MAX_LENGTH else ""
    return rows


# Pieces with something in common


def _groups(pieces: Sequence[_Piece], looks: Looks) -> Iterator[list[_Piece]]:
    """The pieces with each feature, and those without it."""
    members: dict[str, list[int]] = {}
    for number, piece in enumerate(pieces):
        for feature in looks.features(piece.frame):
            members.setdefault(feature, []).append(number)
        for feature in piece.features:
            members.setdefault(feature, []).append(number)
    least, most = _MIN_GROUP, len(pieces) - _MIN_APART
    sets = dict.fromkeys([tuple(numbers) for numbers in members.values() if least <= len(numbers) <= most])
    for numbers in sorted(sets, key=lambda numbers: abs(2 * len(numbers) - len(pieces)))[:_MAX_FEATURES]:
        yield [pieces[number] for number in numbers]
        inside = set(numbers)
        yield [piece for number, piece in enumerate(pieces) if number not in inside]


def _are_apart(group: Sequence[_Piece]) -> bool:
    """Whether pieces of a group have others between them."""
    apart = sum([after.at - before.at > 1 for before, after in pairwise(group)])
    return apart >= max(_MIN_APART, len(group) // 3)


# Pieces in an order


def _orders(pieces: Sequence[_Piece], looks: Looks) -> Iterator[list[_Piece]]:
    """The pieces that have numbers of one kind, in the order of these, if that is another one than in the source."""
    members: dict[str, list[tuple[float, int]]] = {}
    for number, piece in enumerate(pieces):
        for key, value in looks.numbers(piece.frame).items():
            members.setdefault(key, []).append((value, number))
    seen: set[tuple[int, ...]] = set()
    for key, values in members.items():
        if len(values) < _MIN_GROUP or len({value for value, _ in values}) < _MOST_DIFFER * len(values):
            continue
        values.sort(key=lambda item: (-item[0] if key.partition(" ")[0].endswith(_FROM_THE_END) else item[0], item[1]))
        order = tuple([number for _, number in values])
        if order not in seen and any(after < before for before, after in pairwise(order)):
            seen.add(order)
            yield [pieces[number] for number in order]


class Looks:
    """What elements have, and the elements around them. Elements that have the same share one set."""

    def __init__(self) -> None:
        self._features: dict[int, frozenset[str]] = {}
        self._own: dict[int | str, frozenset[str]] = {}
        """What elements have themselves: by their names for those with nothing else."""
        self._kept: dict[frozenset[str], frozenset[str]] = {}
        self._joined: dict[tuple[int, ...], frozenset[str]] = {}
        self._numbers: dict[int, dict[str, float]] = {}

    def features(self, frame: Frame) -> frozenset[str]:
        """Names, attributes, declarations and rules of an element and those around it."""
        found = self._features.get(id(frame))
        if found is None:
            owned = [self._features_alone(element) for element in _around(frame)]
            key = tuple(map(id, owned))
            found = self._joined.get(key)
            if found is None:
                found = self._joined[key] = self._keep(frozenset().union(*owned))
            self._features[id(frame)] = found
        return found

    def _features_alone(self, frame: Frame) -> frozenset[str]:
        key = id(frame) if frame.attributes or frame.rules else frame.name
        found = self._own.get(key)
        if found is None:
            found = self._own[key] = self._keep(frozenset(_own_features(frame)))
        return found

    def _keep(self, features: frozenset[str]) -> frozenset[str]:
        return self._kept.setdefault(features, features)

    def numbers(self, frame: Frame) -> dict[str, float]:
        """The numbers in attributes and declarations of an element and those around it; the nearest count."""
        found = self._numbers.get(id(frame))
        if found is None:
            found = {}
            for element in _around(frame):
                for key, value in _own_numbers(element):
                    found.setdefault(key, value)
            self._numbers[id(frame)] = found
        return found


def _around(frame: Frame) -> Iterator[Frame]:
    at: Frame | None = frame
    for _ in range(_ANCESTORS):
        if at is None or not at.name:
            return
        yield at
        at = at.parent


def _declarations(frame: Frame) -> list[tuple[str, str]]:
    style = frame.attributes.get("style") if frame.attributes else None
    found = _DECLARATION.findall(style[:_MAX_STYLE].lower()) if style else []
    for rule, _ in frame.rules[-_MAX_RULES:]:
        found += rule.declarations.normal.items()
        found += rule.declarations.important.items()
        found += rule.declarations.others
    return found


def _own_features(frame: Frame) -> Iterator[str]:
    yield f"<{frame.name}"
    for name, value in frame.attributes.items():
        yield f"[{name}"
        if name == "class":
            yield from (f".{part}" for part in (value or "").split())
        elif value and len(value) <= 20 and name not in _TEXTS:
            yield f"[{name}={value.lower()}"
    if frame.rules:
        yield from (f"rule {id(rule)}" for rule, _ in frame.rules[-_MAX_RULES:])
    if "style" in frame.attributes:
        for name, value in _DECLARATION.findall((frame.attributes["style"] or "")[:_MAX_STYLE].lower()):
            yield f"{name}:"
            yield f"{name}:{value.strip()}"


def _own_numbers(frame: Frame) -> Iterator[tuple[str, float]]:
    for name, value in _declarations(frame):
        for place, number in enumerate(_NUMBER.findall(value)[:4]):
            yield f"{name} {place}", float(number)
    for attributes in (frame.attributes, *frame.inner):
        for name, text in attributes.items():
            if text and name not in _TEXTS and len(text) <= 80:
                for place, number in enumerate(_NUMBER.findall(text)[:4]):
                    yield f"[{name} {place}", float(number)
