"""Name resolution: which person of the roster a name in a message refers to.

A name is resolved only when exactly one person fits, among the people close to the message: those who share a class
with one of its parties, then those of the parties' buildings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from gateway.core.messages.parties import Person, Role
from gateway.directory.name_keys import TITLES, fold_words, shown_keys
from gateway.directory.roster_image import HashIndexBuilder

MAX_CLASSMATES = 4000
"""When more people than this share classes with the parties, no first name alone is resolved."""


class NamedPeople(Protocol):
    """The part of `gateway.directory.roster.Roster` that is used here. People are rows, classes are numbers."""

    def row_of_id(self, id_: str) -> int | None: ...

    def at(self, row: int) -> Person: ...

    def classes_at(self, row: int) -> frozenset[int]: ...

    def attending(self, number: int) -> Sequence[int]: ...

    def rows_named(self, key: str) -> list[int]: ...


def resolve_names(roster: NamedPeople, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
    """Map names in a message to sourcedIds; a name that fits nobody or several people is left out.

    `near` are the sourcedIds of the parties of the message. Classmates of the parties come before people of their
    buildings. A first name, alone or with the initial of a surname, is resolved among classmates only. A surname alone
    is resolved only behind a title, and only to staff.
    """
    if not names:
        return {}
    parties = [row for id_ in near if (row := roster.row_of_id(id_)) is not None]
    classmates = _classmates(roster, parties)
    buildings = frozenset(building for row in parties for building in roster.at(row).buildings)
    resolved = {}
    for name in dict.fromkeys(names):
        row = _resolve(roster, name, classmates, buildings)
        if row is not None:
            resolved[name] = roster.at(row).id
    return resolved


def _classmates(roster: NamedPeople, parties: Iterable[int]) -> frozenset[int]:
    """The parties and everybody who shares a class with one of them; empty when these are too many."""
    rows = set(parties)
    for number in {number for row in rows for number in roster.classes_at(row)}:
        rows.update(roster.attending(number))
        if len(rows) > MAX_CLASSMATES:
            return frozenset()
    return frozenset(rows)


def _resolve(
    roster: NamedPeople, name: str, classmates: frozenset[int], buildings: frozenset[str]
) -> int | None:  # fmt: skip
    full, titled = shown_keys(name)
    words = fold_words(name)
    if len(words) > 1 and not TITLES.isdisjoint(words[:1]):
        bearers = _rows_with_keys(roster, titled)
        staff = None if bearers is None else {row for row in bearers if Role.STAFF in roster.at(row).roles}
        return _only_match(roster, staff, classmates, buildings)
    bearers = _rows_with_keys(roster, full)
    if bearers is None or (bearers and len(words) > 1):
        return _only_match(roster, bearers, classmates, buildings)
    matches = set(_first_name_matches(roster, words, classmates))
    return matches.pop() if len(matches) == 1 else None


def _rows_with_keys(roster: NamedPeople, keys: Iterable[str]) -> set[int] | None:
    """Everybody who is found under one of the keys; None when there may be more than the index holds."""
    rows: set[int] = set()
    for key in keys:
        found = roster.rows_named(key)
        if len(found) >= HashIndexBuilder.MAX_PER_KEY:
            return None
        rows.update(found)
    return rows


def _only_match(
    roster: NamedPeople, rows: set[int] | None, classmates: frozenset[int], buildings: frozenset[str]
) -> int | None:
    """The only one of some people among the classmates or, when none is, the only one in the buildings."""
    if rows is None:
        return None
    matches = rows & classmates or {row for row in rows if not buildings.isdisjoint(roster.at(row).buildings)}
    return matches.pop() if len(matches) == 1 else None


def _first_name_matches(roster: NamedPeople, words: tuple[str, ...], classmates: frozenset[int]) -> Iterator[int]:
    """Classmates with this first name, or with this first name and this initial of the surname."""
    if not words or len(words[0]) < 2:
        return
    for row in classmates:
        own = fold_words(roster.at(row).name)
        initial = len(words) == 2 and len(words[1]) == 1 and len(own) > 1
        if (len(words) < len(own) and own[: len(words)] == words) or (
            initial and own[0] == words[0] and own[-1].startswith(words[1])
        ):
            yield row
