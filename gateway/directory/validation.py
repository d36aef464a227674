"""What is wrong with a roster: oddities that are mended as it is read, and errors that refuse it.

Both name file, line, column and the mend. Neither ever holds a name, an address, a number or any other cell's text:
they are logged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.core.fault import Fault, Refusal

MOST_KINDS = 1_000
"""Of more different oddities than this only the number is kept."""


class RosterError(Fault):
    """The roster is refused: one line with file, line, what is wrong and the mend."""

    def __init__(self, file: str, line: int | None, what: str, mend: str) -> None:
        self.file, self.line, self.what, self.mend = file, line, what, mend
        super().__init__(f"{file}{'' if line is None else f' line {line}'}: {what}; {mend}")


class RemovalRefused(RosterError, Refusal):
    """The roster is whole, but more people would go than `directory.max_removal` allows."""


@dataclass(frozen=True, slots=True)
class RosterWarning:
    """One kind of oddity in one column: where it was first seen, how often, and how to mend it at the source."""

    file: str
    line: int
    column: str
    what: str
    mend: str
    count: int = 1

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        often = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.file} line {self.line}{column}: {self.what}{often}; {self.mend}"


class RosterWarnings:
    """Gathers oddities while a roster is read, one entry for each kind."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], RosterWarning] = {}
        self._more = 0

    def note(self, file: str, line: int, column: str, what: str, mend: str) -> None:
        """Note one oddity; the first line of each kind is kept, the others are counted."""
        key = file, column, what
        found = self._found.get(key)
        if found is not None:
            self._found[key] = RosterWarning(file, found.line, column, what, mend, found.count + 1)
        elif len(self._found) < MOST_KINDS:
            self._found[key] = RosterWarning(file, line, column, what, mend)
        else:
            self._more += 1

    def __iter__(self) -> Iterator[RosterWarning]:
        yield from self._found.values()
        if self._more:
            yield RosterWarning("", 0, "", f"{self._more} further oddities", "mend those above first")
