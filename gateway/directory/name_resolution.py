"""Whom a name in the text of a message means: somebody near those it is between, and only where exactly one fits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gateway.core.messages.parties import Role
from gateway.directory.names import TITLES, shown_keys, words
from gateway.directory.packed import IndexBuilder

if TYPE_CHECKING:
    from gateway.directory.roster import Roster

MOST_NEAR = 4000
"""Of more people who share classes with those of a message than this, nobody is known by the first name alone."""


def meant(roster: Roster, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
    """Of names in a message between the people of some sourcedIds: the sourcedIds of those whom only one person fits.

    Who shares a class with one of these comes first, then the people of their buildings. A first name alone, or with
    the initial of a surname, says somebody only among the former, a surname alone only behind a title, of staff.
    """
    if not names:
        return {}
    own = [row for each in near if (row := roster.row_of_id(each)) is not None]
    circle = _circle(roster, own)
    buildings = frozenset(building for row in own for building in roster.at(row).buildings)
    found = {}
    for name in dict.fromkeys(names):
        row = _meant(roster, name, circle, buildings)
        if row is not None:
            found[name] = roster.at(row).id
    return found


def _circle(roster: Roster, own: Iterable[int]) -> frozenset[int]:
    """The people of a message and those who are in a class with one of them; nobody where these are too many."""
    rows = set(own)
    for number in {number for row in rows for number in roster.classes_at(row)}:
        rows.update(roster.attending(number))
        if len(rows) > MOST_NEAR:
            return frozenset()
    return frozenset(rows)


def _meant(roster: Roster, name: str, circle: frozenset[int], buildings: frozenset[str]) -> int | None:
    full, titled = shown_keys(name)
    told = words(name)
    if len(told) > 1 and not TITLES.isdisjoint(told[:1]):
        bearers = _named(roster, titled)
        staff = None if bearers is None else {row for row in bearers if Role.STAFF in roster.at(row).roles}
        return _only(roster, staff, circle, buildings)
    bearers = _named(roster, full)
    if bearers is None or (bearers and len(told) > 1):
        return _only(roster, bearers, circle, buildings)
    fitting = set(_beginning(roster, told, circle))
    return fitting.pop() if len(fitting) == 1 else None


def _named(roster: Roster, keys: Iterable[str]) -> set[int] | None:
    """Everybody whom one of the keys finds; None where these are more than the roster's index has."""
    rows: set[int] = set()
    for key in keys:
        found = roster.rows_named(key)
        if len(found) >= IndexBuilder.MOST:
            return None
        rows.update(found)
    return rows


def _only(roster: Roster, rows: set[int] | None, circle: frozenset[int], buildings: frozenset[str]) -> int | None:
    """The only one in a circle or, where none is in it, the only one in some buildings."""
    if rows is None:
        return None
    fitting = rows & circle or {row for row in rows if not buildings.isdisjoint(roster.at(row).buildings)}
    return fitting.pop() if len(fitting) == 1 else None


def _beginning(roster: Roster, told: tuple[str, ...], circle: frozenset[int]) -> Iterator[int]:
    """Those of a circle whose name begins so: by a first name, or one and the initial of the surname."""
    if not told or len(told[0]) < 2:
        return
    for row in circle:
        own = words(roster.at(row).name)
        initial = len(told) == 2 and len(told[1]) == 1 and len(own) > 1
        if (len(told) < len(own) and own[: len(told)] == told) or (
            initial and own[0] == told[0] and own[-1].startswith(told[1])
        ):
            yield row
