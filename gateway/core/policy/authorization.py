"""Which messages an account has to do with: those of its buildings, and none that it or its own child is part of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from gateway.core.accounts.account import User
from gateway.core.messages.parties import Directory, Pair, Person
from gateway.core.policy.legitimate_interest import Relationship

HAD_PART = "has a part in it"
"""Why somebody was refused what concerns them, in the audit log."""


class ConsoleDirectory(Directory, Protocol):
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

    def standings(self, recipient: str, about: str) -> Iterable[tuple[str, frozenset[Relationship]]]:
        """Everybody behind a recipient by sourcedId, and how they stand to the person of another."""


def is_theirs(user: User, pairs: Iterable[Pair], register: ConsoleDirectory) -> bool:
    """Whether a message, or one recipient's copy, belongs to an account's buildings, by either one of a pair."""
    if user.sees_every_building:
        return True
    own = frozenset(user.buildings)
    return any(own & (register.buildings_of(pair.staff) | register.buildings_of(pair.student)) for pair in pairs)


def person_of(user: User, register: ConsoleDirectory) -> str:
    """The sourcedId of who an account belongs to, also where only its name, an address, says so; "" for nobody."""
    if user.person or "@" not in user.name:
        return user.person
    found = register.person(user.name)
    return found.id if found is not None else ""


def family_of(id_: str, register: ConsoleDirectory) -> frozenset[str]:
    """A person and their children; none for nobody."""
    me = register.by_id(id_) if id_ else None
    return frozenset({id_} if id_ else ()) | (me.children if me else frozenset())


def has_part(user: User, pairs: Sequence[Pair], addresses: Iterable[str], register: ConsoleDirectory) -> bool:
    """Whether somebody is, or their own child is, sender or recipient of a message; `addresses` are its envelope's."""
    return _concerns(family_of(person_of(user, register), register), pairs, addresses, register)


def _concerns(
    family: frozenset[str], pairs: Sequence[Pair], addresses: Iterable[str], register: ConsoleDirectory
) -> bool:
    if not family:
        return False
    if any(pair.staff in family or pair.student in family for pair in pairs):
        return True
    return any(not family.isdisjoint(behind(address, register)) for address in addresses)


def behind(address: str, register: ConsoleDirectory) -> frozenset[str]:
    """The sourcedIds of the members of a group address, or of the person behind any other."""
    people = register.members(address)
    if people is None:
        found = register.person(address)
        people = () if found is None else (found,)
    return frozenset(person.id for person in people)


def may_be_told(
    told: Iterable[str], pairs: Sequence[Pair], addresses: Sequence[str], register: ConsoleDirectory
) -> tuple[str, ...]:
    """Those of some addresses that can be told of a message: nobody who has a part in it, or whose child has.

    Of a group with such a member the others are told, each at their own address.
    """
    own = {each.lower() for each in addresses}

    def fits(address: str, person: Person | None) -> bool:
        if address.lower() in own:
            return False
        return person is None or not _concerns(family_of(person.id, register), pairs, addresses, register)

    found: list[str] = []
    for address in told:
        members = register.members(address)
        if members is None:
            found += [address] * fits(address, register.person(address))
        else:
            among = [each for each in members if fits(each.address, each)]
            whole = len(among) == len(members) and address.lower() not in own
            found += [address] if whole else [each.address for each in among if each.address]
    return tuple(dict.fromkeys(found))
