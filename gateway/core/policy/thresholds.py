"""Thresholds of clauses, and overrides of them for some buildings and channels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.channels.registry import CHANNELS
from gateway.core.messages.parties import Direction, Pair
from gateway.core.policy.toml_table import TomlTable

NAMES = ("flag", "hold", "hold_evasive")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The scores (0..1) from which a finding is flagged, held, or held if its cue says that it evades. None: never."""

    flag: float | None = None
    hold: float | None = None
    hold_evasive: float | None = None


BuildingsOf = Callable[[str], Iterable[str]]
"""The buildings of a person, by sourcedId."""


def no_buildings(_: str) -> Iterable[str]:
    """The answer without a directory."""
    return ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message belongs: its channel, and a directory that knows the buildings of its people."""

    channel: str = ""
    buildings_of: BuildingsOf = no_buildings


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class ThresholdOverride:
    """Other thresholds for messages of some buildings and channels; empty for all.

    A message belongs to the buildings of its staff member and of its student.
    """

    buildings: frozenset[str]
    channels: frozenset[str]
    thresholds: Mapping[tuple[str, Direction], Thresholds]

    def fits(self, pair: Pair, place: Place) -> bool:
        """Whether it is for a pair of a message."""
        if self.channels and place.channel not in self.channels:
            return False
        return not self.buildings or any(
            not self.buildings.isdisjoint(place.buildings_of(person)) for person in (pair.staff, pair.student)
        )

    def covers(self, other: ThresholdOverride) -> bool:
        """Whether it is for every message that another override is for."""
        return (not self.buildings or (bool(other.buildings) and other.buildings <= self.buildings)) and (
            not self.channels or (bool(other.channels) and other.channels <= self.channels)
        )


def fitting(overrides: Sequence[ThresholdOverride], pair: Pair, place: Place) -> tuple[int, ...]:
    """The places in the file of the overrides that are for a pair, the last first: it wins."""
    if not overrides:
        return ()
    return tuple(number for number in reversed(range(len(overrides))) if overrides[number].fits(pair, place))


def read_thresholds(table: TomlTable) -> Thresholds:
    """The thresholds of one direction. Raises PolicyError."""
    found = {name: table.share(name) for name in NAMES if table.has(name)}
    table.done()
    for name in ("hold", "hold_evasive"):
        if found.get(name, 1.0) < found.get("flag", 0.0):
            raise table.error(name, "must not be below flag: nothing would ever be flagged")
    return Thresholds(**found)


def read_overrides(top: TomlTable, clauses: Iterable[str]) -> tuple[ThresholdOverride, ...]:
    """The tables [[overrides]]. Raises PolicyError."""
    return tuple(_read_override(table, tuple(clauses)) for table in top.tables("overrides"))


def _read_override(table: TomlTable, known: Sequence[str]) -> ThresholdOverride:
    buildings = frozenset(table.texts("buildings")) if table.has("buildings") else frozenset()
    channels = table.words("channels", tuple(CHANNELS))
    if not buildings and not channels:
        raise table.error("buildings", "is missing, and so is channels; name buildings, channels or both")
    clauses = table.table("clauses", "the clauses that differ, as [overrides.clauses.7b]")
    found: dict[tuple[str, Direction], Thresholds] = {}
    for id_ in clauses.names():
        if id_ not in known:
            raise clauses.error(id_, f"is not a clause; the clauses are {', '.join(known)}")
        inner = clauses.table(id_)
        for direction in Direction:
            if inner.has(direction):
                found[id_, direction] = read_thresholds(inner.table(direction))
        inner.done()
    if not found:
        raise table.error("clauses", "changes nothing; write a direction such as staff_to_student = { hold = 0.4 }")
    table.done()
    return ThresholdOverride(buildings, channels, found)
