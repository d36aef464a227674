"""A normalized text with a map back to the text as received, and the ways to change one that keep the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """A normalized text.

    `starts[i]` and `ends[i]` are the received range of character i; both are empty if nothing changed.

    `disguises` counts words that were deliberately disguised. `is_complete`: no finder of disguises failed.
    `guesses` are the received ranges of words of letters only that were read as other words, which may be wrong.
    """

    text: str
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    disguises: int = 0
    is_complete: bool = True
    guesses: tuple[tuple[int, int], ...] = ()

    def received_range(self, start: int, end: int) -> tuple[int, int]:
        """The received range of the characters from `start` to `end`."""
        if not self.starts or start >= end:
            return start, end
        return min(self.starts[start:end]), max(self.ends[start:end])


class TextWriter:
    """Builds a text and the received range of each of its characters."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def copy_from(self, source: NormalizedText, start: int, end: int) -> None:
        """Add a range of a text as it is, with its received ranges."""
        self.out.append(source.text[start:end])
        self.starts.extend(source.starts[start:end] if source.starts else range(start, end))
        self.ends.extend(source.ends[start:end] if source.starts else range(start + 1, end + 1))

    def put(self, text: str, start: int, end: int) -> None:
        """Add characters that stand for the received range from `start` to `end`."""
        self.out.append(text)
        self.starts.extend([start] * len(text))
        self.ends.extend([end] * len(text))

    def normal(self, disguises: int) -> NormalizedText:
        """What was added so far."""
        return NormalizedText("".join(self.out), tuple(self.starts), tuple(self.ends), disguises)


def reordered(source: NormalizedText, order: Sequence[int], disguises: int) -> NormalizedText:
    """The text with its characters in another order: `order` has their places."""
    starts, ends = source.starts or range(len(source.text)), source.ends or range(1, len(source.text) + 1)
    text = "".join(source.text[at] for at in order)
    return NormalizedText(text, tuple(starts[at] for at in order), tuple(ends[at] for at in order), disguises)


def rewritten(source: NormalizedText, changes: list[tuple[int, int, str]], disguises: int) -> NormalizedText:
    """The text with other words in some ranges, which are sorted; of ranges that overlap the first one counts."""
    writer, at = TextWriter(), 0
    for start, end, written in changes:
        if start < at:
            continue
        writer.copy_from(source, at, start)
        if source.starts:
            writer.put(written, min(source.starts[start:end]), max(source.ends[start:end]))
        else:
            writer.put(written, start, end)
        at = end
    writer.copy_from(source, at, len(source.text))
    return replace(writer.normal(disguises), is_complete=source.is_complete, guesses=source.guesses)
