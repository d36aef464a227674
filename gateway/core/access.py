"""Which messages an account has to do with: those of its buildings, and none that it or its own child is part of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from gateway.core.account import User
from gateway.core.parties import Directory, Pair, Person
from gateway.core.standing import Standing


class Register(Directory, Protocol):
    """The roster as the console asks it: by sourcedId too, with names for buildings."""

    def by_id(self, id_: str) -> Person | None:
        """The person of a sourcedId."""

    def addresses_of(self, id_: str) -> tuple[str, ...]:
        """Every mail address and number of the person of a sourcedId, known personal ones too."""

    def building_name(self, id_: str) -> str:
        """The name of an org, its sourcedId where the roster has none."""

    def group_of_both(self, one: str, other: str) -> str:
        """The name of the smallest group that two persons belong to (a class, team or club), "" for none."""

    def classes_of_both(self, one: str, other: str) -> tuple[str, ...]:
        """The names of the classes that two persons are enrolled in."""

    def buildings_of(self, id_: str) -> frozenset[str]:
        """The orgs that a person belongs to, and every org above them."""

    def standings(self, recipient: str, about: str) -> Iterable[tuple[str, frozenset[Standing]]]:
        """Everybody behind a recipient by sourcedId, and how they stand to the person of another."""


def is_theirs(user: User, pairs: Iterable[Pair], register: Register) -> bool:
    """Whether a message, or one recipient's copy, belongs to an account's buildings, by either one of a pair."""
    if user.sees_every_building:
        return True
    own = frozenset(user.buildings)
    return any(own & (register.buildings_of(pair.staff) | register.buildings_of(pair.student)) for pair in pairs)


def has_part(user: User, pairs: Sequence[Pair], addresses: Iterable[str], register: Register) -> bool:
    """Whether somebody is, or their own child is, sender or recipient of a message; `addresses` are its envelope's."""
    if not user.person:
        return False
    me = register.by_id(user.person)
    family = {user.person} | (me.children if me else frozenset())
    if any(pair.staff in family or pair.student in family for pair in pairs):
        return True
    return any(not family.isdisjoint(_behind(address, register)) for address in addresses)


def _behind(address: str, register: Register) -> frozenset[str]:
    people = register.members(address)
    if people is None:
        found = register.person(address)
        people = () if found is None else (found,)
    return frozenset(person.id for person in people)
