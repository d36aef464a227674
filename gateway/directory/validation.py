"""Roster problems: warnings about what was corrected while reading, and errors that refuse the roster.

Both name file, line, column and a hint how to fix it. Both are logged, so they never contain a name, an address, a
number or the text of any other cell.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.core.fault import Fault, Refusal

_OUR_FAULT = frozenset(  # errors of the system that are not the fault of a file
    {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.EINTR}
)
MAX_KINDS = 1_000
"""Further kinds of warnings are counted but not kept."""


class RosterError(Fault):
    """The roster is refused. One line: file, line, what is wrong, hint."""

    def __init__(self, file: str, line: int | None, what: str, hint: str) -> None:
        self.file, self.line, self.what, self.hint = file, line, what, hint
        super().__init__(f"{file}{'' if line is None else f' line {line}'}: {what}; {hint}")


class LoadingFailed(RosterError):
    """The roster was not read because of this machine: no memory, no file handles, no room, a child that died.

    Its files say nothing about it, so it is read again later.
    """


def unreadable(error: OSError) -> type[RosterError]:
    """The kind of error for a file that the system did not read or write."""
    return LoadingFailed if error.errno in _OUR_FAULT else RosterError


class RemovalRefused(RosterError, Refusal):
    """The roster is readable, but it would remove more people than `directory.max_removal` allows."""


@dataclass(frozen=True, slots=True)
class RosterWarning:
    """One kind of problem in one column: where it was first seen, how often, and how to fix it at the source."""

    file: str
    line: int
    column: str
    what: str
    hint: str
    count: int = 1

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        often = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.file} line {self.line}{column}: {self.what}{often}; {self.hint}"


class RosterWarnings:
    """Collects warnings while a roster is read, one entry per kind."""

    def __init__(self) -> None:
        self._warnings: dict[tuple[str, str, str], RosterWarning] = {}
        self._more = 0

    def add(self, file: str, line: int, column: str, what: str, hint: str) -> None:
        """Add one problem. The first line of each kind is kept, the others are counted."""
        key = file, column, what
        known = self._warnings.get(key)
        if known is not None:
            self._warnings[key] = RosterWarning(file, known.line, column, what, hint, known.count + 1)
        elif len(self._warnings) < MAX_KINDS:
            self._warnings[key] = RosterWarning(file, line, column, what, hint)
        else:
            self._more += 1

    def __iter__(self) -> Iterator[RosterWarning]:
        yield from self._warnings.values()
        if self._more:
            yield RosterWarning("", 0, "", f"{self._more} further warnings", "fix those above first")
