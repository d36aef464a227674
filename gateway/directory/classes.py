"""Who is in which class: every enrolment as two numbers, so that a district's are a few megabytes."""

from __future__ import annotations

from array import array
from itertools import accumulate

from gateway.directory.packed import Buffer, TextsBuilder


class Classes:
    """Classes on their way into an image; people are known by their rows."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._rows, self._classes = array("I"), array("I")

    def titled(self, id_: str, title: str) -> None:
        """How a class is called."""
        self._titles[id_] = " ".join(title.split())

    def enrol(self, row: int, id_: str) -> None:
        """Somebody is in a class."""
        self._rows.append(row)
        self._classes.append(self._numbers.setdefault(id_, len(self._numbers)))

    def sections(self, people: int) -> dict[str, Buffer]:
        """The sections of so many people: the titles, and the classes of each row, in any order."""
        titles = TextsBuilder()
        for id_ in self._numbers:
            titles.add(self._titles.get(id_) or id_)
        counts = array("I", bytes(4 * people))
        for row in self._rows:
            counts[row] += 1
        ends = array("I", accumulate(counts, initial=0))
        at, values = array("I", ends), array("I", bytes(4 * len(self._rows)))
        for row, number in zip(self._rows, self._classes, strict=True):
            values[at[row]] = number
            at[row] += 1
        return {**titles.sections("classes"), "enrolled.ends": ends, "enrolled.values": values}
