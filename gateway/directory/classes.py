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
        """The sections of so many people: the titles, the classes of each row and the rows of each class, as read."""
        titles = TextsBuilder()
        for id_ in self._numbers:
            titles.add(self._titles.get(id_) or id_)
        return {
            **titles.sections("classes"),
            **_grouped(self._rows, self._classes, people, "enrolled"),
            **_grouped(self._classes, self._rows, len(titles), "attending"),
        }


def _grouped(by: array[int], values: array[int], count: int, name: str) -> dict[str, Buffer]:
    """The sections of `packed.Runs`: for each of so many numbers the values that stand beside it, in order."""
    counts = array("I", bytes(4 * count))
    for number in by:
        counts[number] += 1
    ends = array("I", accumulate(counts, initial=0))
    at, grouped = array("I", ends), array("I", bytes(4 * len(values)))
    for number, value in zip(by, values, strict=True):
        grouped[at[number]] = value
        at[number] += 1
    return {f"{name}.ends": ends, f"{name}.values": grouped}
