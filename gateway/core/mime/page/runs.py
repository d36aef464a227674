"""The pieces of text of a page with who sees them, and the readings that follow from them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gateway.core.mime.spelling.spelled_words import addresses_somebody, is_short_piece, spells_words

SEEN, CLEAR, BARE, NARROW, DARK, INLINE, OUTLOOK, FLOW, WHOLE = (1 << bit for bit in range(9))
"""Who sees a piece: everybody; who overlooks faint text; who knows no tricks to hide; a telephone; dark mode; programs
that drop style sheets; Outlook; who leaves out what stands elsewhere on the page; programs that show the pictures and
documents inside the page."""
EVERYBODY = (1 << 9) - 1

_OTHERS = (CLEAR, BARE, NARROW, DARK, INLINE, OUTLOOK, FLOW, WHOLE)
_SPACES = re.compile(r" {2,}")
_WORDS = re.compile(r"\w{2,}")
_FROM_THE_RIGHT = re.compile("[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc]+")
"""Signs that are written from the right."""
_MIN_PARTS = 5
_MIN_SWITCHES = 3
"""Places inside words where text of one kind follows another, from which letters were mixed on purpose."""
_MIN_LETTERS = 8
_MIN_COLUMN, _MAX_ROW = 5, 200
_SHORT_LINES = re.compile(r"(?:^(?:[^\s]{1,2} ){0,99}[^\s]{1,2}$\n?){5}", re.MULTILINE)
_MAX_KINDS = 6
CELL = "cell"
"""The kind of the piece that begins a cell of a table."""
_MIN_MARKED, _MAX_MARKED, _MAX_MARKED_SHARE = 5, 2, 0.65
"""Pieces of one kind in a line that may be words of their own, their blanks, and their share of its letters."""
_MAX_MARKED_TEXTS = 24
_MIN_SHARE = 0.2
_MIN_INSIDE = 6
"""Pieces of one kind inside words from which they may be marked letters."""
_NEW_WORDS = 4
"""Words that only one program shows, from which programs are said to differ."""


@dataclass(slots=True)
class Run:
    """A piece of text. Line breaks are pieces of their own, which start with a line feed. `frame`: its element.

    `cut`: the part of it that the box around it shows, in each kind of font; None for all of it.
    """

    text: str
    mask: int
    kind: Hashable = None
    frame: Any = None
    cut: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Readings:
    """What a page says. `variants`: lines that other programs show otherwise. `is_disputed`: they differ in words.

    `marked`: words that are marked one by one among others, and may be a sentence.
    """

    shown: str
    hidden: str
    variants: tuple[str, ...]
    is_disputed: bool
    marked: tuple[str, ...] = ()


def read_runs(runs: list[Run]) -> Readings:
    """The readings of a page."""
    by_kind, marked, is_mixed = _unmix(runs)
    shown = tidy("".join([run.text for run in runs if run.mask & SEEN]))
    differing, is_hiding = 0, False
    for run in runs:
        if run.mask & SEEN:
            differing |= run.mask ^ EVERYBODY
        else:
            differing |= run.mask
            is_hiding = True
    hidden = _hidden(runs) if is_hiding else ""
    known = set(shown.split("\n"))
    known.update(hidden.split("\n"))
    variants: list[str] = []
    for bit in _OTHERS:
        if differing & bit:
            _add_new(variants, tidy("".join([run.text for run in runs if run.mask & bit])).split("\n"), known)
    _add_new(variants, by_kind, known)
    if not shown.isascii() and _FROM_THE_RIGHT.search(shown):
        _add_new(variants, list(_from_the_right(shown)), known)
    if _SHORT_LINES.search(shown):
        _add_new(variants, _columns(runs), known)
    is_disputed = is_mixed or _has_other_words(runs, shown)
    return Readings(shown, hidden, tuple(variants), is_disputed, tuple(marked[:_MAX_MARKED_TEXTS]))


def _from_the_right(shown: str) -> Iterator[str]:
    """Lines whose words are seen from the last to the first, because a sign between them is written from the right."""
    for line in shown.split("\n"):
        parts = [part.strip() for part in _FROM_THE_RIGHT.split(line)] if _FROM_THE_RIGHT.search(line) else []
        parts = [part for part in parts if part]
        if len(parts) >= _MIN_PARTS:
            yield " ".join(reversed(parts))


def tidy(text: str) -> str:
    """A text without superfluous blanks and empty lines."""
    lines = (_SPACES.sub(" ", line).strip(" ") for line in text.split("\n"))
    return "\n".join([line for line in lines if line.strip("> ")])


def _add_new(variants: list[str], lines: list[str], known: set[str]) -> None:
    for line in lines:
        if line not in known:
            known.add(line)
            variants.append(line)


def _hidden(runs: list[Run]) -> str:
    return tidy(
        "".join(
            ["\n" if run.text[:1] == "\n" else run.text for run in runs if not run.mask & SEEN or run.text[:1] == "\n"]
        )
    )


def _lines(runs: list[Run]) -> Iterator[list[Run]]:
    line: list[Run] = []
    for run in runs:
        if run.text[:1] == "\n" and run.mask & SEEN:
            if len(line) > 1:
                yield line
            line = []
        elif run.text:
            line.append(run)
    if len(line) > 1:
        yield line


def _unmix(runs: list[Run]) -> tuple[list[str], list[str], bool]:
    """Take faint letters out of words of clear ones. Returns the text of each kind where kinds are mixed inside words,
    words that are marked in a line, and whether programs differ in which letters they show."""
    by_kind: list[str] = []
    marked: list[str] = []
    is_disputed = False
    inside: Counter[Hashable] = Counter()
    for line in _lines(runs):
        switches = faint = other = 0
        for run, following in pairwise(line):
            if run.text[-1].isalnum() and following.text[0].isalnum():
                difference = run.mask ^ following.mask
                is_other = run.kind != following.kind
                if is_other:
                    inside[(run if is_short_piece(run.text) else following).kind] += 1
                switches += is_other or difference != 0
                faint += difference & CLEAR != 0
                other += (
                    difference & SEEN != 0
                    and difference & (INLINE | OUTLOOK | NARROW) != 0
                    and not (difference & SEEN and difference & INLINE and difference & OUTLOOK and difference & NARROW)
                )
        if switches < _MIN_SWITCHES:
            if len(line) >= 2 * _MIN_MARKED:
                for text in _marked_words(line):
                    (by_kind if addresses_somebody(text.split()) else marked).append(text)
            continue
        is_disputed = is_disputed or other >= _MIN_SWITCHES
        if faint >= _MIN_SWITCHES and _letters([run.text for run in line if run.mask & CLEAR]) >= _MIN_LETTERS:
            for run in line:
                if not run.mask & CLEAR:
                    run.mask &= ~SEEN
        by_kind.extend(_kinds(line))
    if inside.total() >= _MIN_INSIDE:
        by_kind.extend(_marked_letters(runs, {kind for kind, count in inside.items() if count >= _MIN_INSIDE}))
    return by_kind, marked, is_disputed


def _marked_letters(runs: list[Run], kinds: Collection[Hashable]) -> Iterator[str]:
    """What the letters of a page spell that are marked one by one: those of each kind, and those of all together."""
    pieces: dict[Hashable, list[str]] = {}
    for run in runs:
        if run.mask & SEEN:
            pieces.setdefault(run.kind, []).append(run.text)
    usual = max(pieces, key=lambda kind: sum(map(len, pieces[kind])), default=None)
    together = [run.text for run in runs if run.mask & SEEN and run.kind != usual]
    for texts in (*(pieces[kind] for kind in kinds if kind in pieces), together):
        letters = "".join(filter(is_short_piece, map(str.strip, texts)))
        if spells_words(letters):
            yield letters
            yield letters[1:]  # the first one may be that of a title which looks the same


def _kinds(line: list[Run]) -> Iterator[str]:
    """The text of each kind in a line."""
    texts: dict[Hashable, list[str]] = {}
    for run in line:
        texts.setdefault((run.kind, run.mask), []).append(run.text)
    least = max(_MIN_LETTERS, _MIN_SHARE * _letters([run.text for run in line]))
    for parts in sorted(texts.values(), key=len, reverse=True)[:_MAX_KINDS]:
        if len(parts) > 1 and _letters(parts) >= least:
            yield tidy("".join(parts).replace("\n", " "))


def _marked_words(line: list[Run]) -> Iterator[str]:
    """The words of a line that are in bold type, of another color or otherwise marked, one by one."""
    texts: dict[Hashable, list[str]] = {}
    marked = [
        (run.kind, text) for run in line if run.kind is not None and run.mask & SEEN and (text := run.text.strip())
    ]
    for kind, text in marked:
        texts.setdefault(kind, []).append(text)
    usual = max(texts, key=lambda kind: sum(map(len, texts[kind])), default=None)
    together = [text for kind, text in marked if kind != usual]
    most = _MAX_MARKED_SHARE * _letters([run.text for run in line])
    for parts in (*texts.values(), together):
        if len(parts) >= _MIN_MARKED and max(text.count(" ") for text in parts) <= _MAX_MARKED:
            text = " ".join(parts)
            if _letters(parts) <= most:
                yield text


def _letters(parts: list[str]) -> int:
    return sum(map(str.isalnum, "".join(parts)))


def _columns(runs: list[Run]) -> list[str]:
    """Words whose letters stand below each other: one a line, or in the columns of a table."""
    found: list[str] = []
    block: list[list[str]] = []
    for cells in [*_rows(runs), []]:
        if cells and all(len(cell) <= 2 for cell in cells):
            block.append(cells)
            continue
        if len(block) >= _MIN_COLUMN:
            width = max(map(len, block))
            found.extend("".join(row[at] for row in block if at < len(row)) for at in range(min(width, 40)))
            if width > 1:
                found.append(" ".join(found[-min(width, 40) :]))
        block = []
    return [text for text in found if len(text) >= _MIN_COLUMN]


def _rows(runs: list[Run]) -> Iterator[list[str]]:
    """The cells of each line that has text: those of a table, or what stands between blanks."""
    line: list[Run] = []
    for run in [*(run for run in runs if run.mask & SEEN), Run("\n", SEEN)]:
        if run.text[:1] != "\n":
            line.append(run)
            continue
        text = "".join(["\t" if run.kind is CELL else run.text for run in line])
        line = []
        if text.strip("> \t") and len(text) < 2 * _MAX_ROW:
            yield [cell.strip() for cell in text.split("\t")[1:]] if "\t" in text else text.strip("> ").split()


def _has_other_words(runs: list[Run], shown: str) -> bool:
    """Whether conditional comments let Outlook show words that other programs do not show, or the other way round."""
    only_outlook = [run.text for run in runs if run.mask == OUTLOOK]
    only_others = [run.text for run in runs if run.mask & SEEN and not run.mask & OUTLOOK]
    if only_outlook and len(_words(only_outlook) - _words([shown])) >= _NEW_WORDS:
        return True
    return bool(only_others) and (
        len(_words(only_others) - _words([run.text for run in runs if run.mask & OUTLOOK])) >= _NEW_WORDS
    )


def _words(texts: list[str]) -> set[str]:
    return {word for word in _WORDS.findall(" ".join(texts).lower()) if word.isalpha()}
