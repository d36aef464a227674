"""One line of the output of `chaperone check`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gateway.core.fault import Fault

Level = Literal["ok", "warn", "error"]


@dataclass(frozen=True, slots=True)
class Line:
    """What was looked at, and what was found. A `warn` or an `error` says how to fix it; only an error fails."""

    level: Level
    what: str
    found: str


def ok(what: str, found: str) -> Line:
    """All is well."""
    return Line("ok", what, found)


def warn(what: str, found: str) -> Line:
    """The gateway runs with it, and somebody will miss something."""
    return Line("warn", what, found)


def error(what: str, found: str) -> Line:
    """The gateway cannot run with it, or is unsafe."""
    return Line("error", what, found)


def line_of(what: str, check: Callable[[], str]) -> Line:
    """The line of a check that returns what it found, or raises Fault."""
    try:
        return ok(what, check())
    except Fault as fault:
        return error(what, str(fault))
