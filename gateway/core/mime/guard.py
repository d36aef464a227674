"""The guard around finders of hidden writing: one that fails costs neither the others nor the text it was to look at.

Whoever writes a message may know an input that a finder does not survive. What it was to find is then not read, and the
message says so. All finders run here, so that none needs handlers of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FinderFailure:
    """A finder that failed: its name and the kind of error, without any content."""

    name: str
    reason: str


@dataclass(slots=True)
class Guard:
    """Runs finders, and keeps the failures."""

    failures: list[FinderFailure] = field(default_factory=list)
    _runs: Counter[str] = field(default_factory=Counter)

    def run(self, name: str, finder: Callable[..., T], *arguments: object) -> T | None:
        """What the finder returns; None if it fails."""
        try:
            return finder(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest of the message is read
            self.failures.append(FinderFailure(name, f"broken ({type(error).__name__})"))
            return None

    def run_at_most(self, times: int, name: str, finder: Callable[..., T], *arguments: object) -> T | None:
        """What an expensive finder returns; None if it fails, or has run so many times already.

        The parts of a message are many, so that each of them would cost its time again.
        """
        self._runs[name] += 1
        return self.run(name, finder, *arguments) if self._runs[name] <= times else None
