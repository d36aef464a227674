"""Name resolution: which person of the roster a name in a message refers to.

A name is resolved only when exactly one person fits, among the people close to the message: those who share a class
with one of its parties, then those of the parties' buildings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from gateway.core.cached_value import cached_value
from gateway.core.messages.parties import Person, Role
from gateway.directory.names.name_keys import TITLES, fold_words, shown_keys
from gateway.directory.nicknames import other_first_names
from gateway.directory.roster_image import HashIndexBuilder

MAX_CLASSMATES = 4000
"""When more people than this share classes with the parties, no first name alone is resolved."""

SEVERAL = -1
"""In the place of a row: people have the name, but it is not clear who is meant."""

MAX_NAMES = 200
"""Names of one message that are looked up, at most."""


class NamedPeople(Protocol):
    """The part of `gateway.directory.roster.Roster` that is used here. People are rows, classes are numbers."""

    def row_of_id(self, id_: str) -> int | None: ...

    def at(self, row: int) -> Person: ...

    def person(self, address: str) -> Person | None: ...

    def classes_at(self, row: int) -> frozenset[int]: ...

    def attending(self, number: int) -> Sequence[int]: ...

    def rows_named(self, key: str) -> list[int]: ...


def resolve_names(roster: NamedPeople, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
    """Map names in a message to sourcedIds; one that fits several people to "". One that fits nobody is left out.

    `near` are the sourcedIds of the parties of the message. Classmates of the parties come before people of their
    buildings. A first name, alone or with the initial of a surname, is resolved among classmates only. A surname alone
    is resolved only behind a title, and only to staff. First names have their nicknames. A mail address of the roster
    and a sourcedId stand for their person.
    """
    if not names:
        return {}
    surroundings = _Surroundings(roster, [row for id_ in near if (row := roster.row_of_id(id_)) is not None])
    resolved = {}
    for name in list(dict.fromkeys(names))[:MAX_NAMES]:
        row = _row_of_account(roster, name)
        if row is None:
            row = _resolve(roster, name, surroundings)
        if row is not None:
            resolved[name] = roster.at(row).id if row != SEVERAL else ""
    return resolved


class _Surroundings:
    """The people close to a message."""

    def __init__(self, roster: NamedPeople, parties: Sequence[int]) -> None:
        self._roster, self._parties = roster, parties
        self.buildings = frozenset(building for row in parties for building in roster.at(row).buildings)

    @cached_value
    def classmates(self) -> frozenset[int]:
        """The parties and everybody who shares a class with one of them; empty when these are too many."""
        rows = set(self._parties)
        for number in {number for row in rows for number in self._roster.classes_at(row)}:
            rows.update(self._roster.attending(number))
            if len(rows) > MAX_CLASSMATES:
                return frozenset()
        return frozenset(rows)

    @cached_value
    def _by_first_word(self) -> Mapping[str, Sequence[tuple[int, tuple[str, ...]]]]:
        found: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
        for row in self.classmates:
            if words := fold_words(self._roster.at(row).name):
                found.setdefault(words[0], []).append((row, words))
        return found

    def with_first_name(self, words: tuple[str, ...]) -> set[int]:
        """Classmates with this first name, or with this first name and this initial of the surname."""
        if not words or len(words[0]) < 2:
            return set()
        initial = len(words) == 2 and len(words[1]) == 1
        return {
            row
            for row, own in self._by_first_word.get(words[0], ())
            if (len(words) < len(own) and own[: len(words)] == words)
            or (initial and len(own) > 1 and own[-1].startswith(words[1]))
        }


def _row_of_account(roster: NamedPeople, name: str) -> int | None:
    if "@" in name:
        person = roster.person(name)
        return None if person is None else roster.row_of_id(person.id)
    return roster.row_of_id(name) if any(map(str.isdigit, name)) else None


def _resolve(roster: NamedPeople, name: str, near: _Surroundings) -> int | None:
    full, titled = shown_keys(name)
    words = fold_words(name)
    if len(words) > 1 and not TITLES.isdisjoint(words[:1]):
        bearers = _rows_with_keys(roster, titled)
        staff = None if bearers is None else {row for row in bearers if Role.STAFF in roster.at(row).roles}
        return _only_match(roster, staff, near)
    bearers = _rows_with_keys(roster, full)
    if bearers is None or (bearers and len(words) > 1):
        return _only_match(roster, bearers, near)
    matches = near.with_first_name(words) or _by_nickname(roster, words, near)
    if len(matches) > 1:
        return SEVERAL
    return matches.pop() if matches else None


def _by_nickname(roster: NamedPeople, words: tuple[str, ...], near: _Surroundings) -> set[int]:
    """The people that a first name means as a nickname: in full by the index of names, alone among classmates."""
    matches: set[int] = set()
    for other in other_first_names(words[0]) if words else ():
        if len(words) > 1:
            bearers = _rows_with_keys(roster, [" ".join(sorted((other, *words[1:])))])
            row = _only_match(roster, bearers, near) if bearers else None
            matches |= set() if row is None else {row}
        matches |= near.with_first_name((other, *words[1:]))
    return matches


def _rows_with_keys(roster: NamedPeople, keys: Iterable[str]) -> set[int] | None:
    """Everybody who is found under one of the keys; None when there may be more than the index holds."""
    rows: set[int] = set()
    for key in keys:
        found = roster.rows_named(key)
        if len(found) >= HashIndexBuilder.MAX_PER_KEY:
            return None
        rows.update(found)
    return rows


def _only_match(roster: NamedPeople, rows: set[int] | None, near: _Surroundings) -> int | None:
    """The only one of some people among the classmates, else in the buildings, else in the district.

    SEVERAL where people have the name, but none can be told from the others; None where nobody has it.
    """
    if rows is not None and not rows:
        return None
    if rows is None:
        return SEVERAL
    matches = rows & near.classmates or {
        row for row in rows if not near.buildings.isdisjoint(roster.at(row).buildings)
    }  # fmt: skip
    matches = matches or rows  # the only person of the district with this name
    return matches.pop() if len(matches) == 1 else SEVERAL
