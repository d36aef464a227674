"""Class lists: who is in which class, packed so that a whole district takes a few megabytes."""

from __future__ import annotations

from array import array
from itertools import accumulate

from gateway.directory.roster_image import Buffer, PackedTextsBuilder


class ClassesBuilder:
    """Collects classes and enrollments for an image. People are rows."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._rows, self._classes = array("I"), array("I")

    def set_title(self, id_: str, title: str) -> None:
        """Set the title of a class."""
        self._titles[id_] = " ".join(title.split())

    def enroll(self, row: int, id_: str) -> None:
        """Add a person to a class."""
        self._rows.append(row)
        self._classes.append(self._numbers.setdefault(id_, len(self._numbers)))

    def sections(self, people: int) -> dict[str, Buffer]:
        """The sections for a number of people: the titles, the classes of each row and the rows of each class."""
        titles = PackedTextsBuilder()
        for id_ in self._numbers:
            titles.add(self._titles.get(id_) or id_)
        return {
            **titles.sections("classes"),
            **_group_by(self._rows, self._classes, people, "enrolled"),
            **_group_by(self._classes, self._rows, len(titles), "attending"),
        }


def _group_by(by: array[int], values: array[int], count: int, name: str) -> dict[str, Buffer]:
    """The sections of `PackedLists`: for each number from 0 to `count` - 1 its values, in order."""
    counts = array("I", bytes(4 * count))
    for number in by:
        counts[number] += 1
    ends = array("I", accumulate(counts, initial=0))
    at, grouped = array("I", ends), array("I", bytes(4 * len(values)))
    for number, value in zip(by, values, strict=True):
        grouped[at[number]] = value
        at[number] += 1
    return {f"{name}.ends": ends, f"{name}.values": grouped}
