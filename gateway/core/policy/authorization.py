"""Authorization: which messages an account may see: those of its buildings, except those it is a party to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from gateway.core.accounts.account import User
from gateway.core.messages.parties import Direction, Directory, Pair, Person
from gateway.core.policy.legitimate_interest import Relationship

PARTY_REFUSAL = "has a part in it"
"""Stored in the audit log: the account is a party to the message."""


class ConsoleDirectory(Directory, Protocol):
    """The roster as the console uses it: also by sourcedId, and with the names of buildings."""

    def by_id(self, id_: str) -> Person | None:
        """The person with a sourcedId."""

    @property
    def roster_at(self) -> float:
        """When the files of the roster were last changed; 0 if that is not known."""

    def __iter__(self) -> Iterator[Person]:
        """Every person of the roster."""

    def addresses_of(self, id_: str) -> tuple[str, ...]:
        """Every mail address and number of a person, including personal ones."""

    def building_name(self, id_: str) -> str:
        """The name of an org, or its sourcedId when the roster has no name."""

    def organizations(self) -> Mapping[str, str]:
        """The names of all orgs by sourcedId."""

    def group_of_both(self, one: str, other: str) -> str:
        """The name of the smallest group (a class, team or club) that two people are in, "" for none."""

    def classes_of_both(self, one: str, other: str) -> tuple[str, ...]:
        """The names of the classes that two people are enrolled in."""

    def buildings_of(self, id_: str) -> frozenset[str]:
        """The orgs that a person belongs to, and every org above them."""

    def relationships_to(self, recipient: str, about: str) -> Iterable[tuple[str, frozenset[Relationship]]]:
        """The sourcedIds of everybody behind a recipient, with their relationships to the person `about`."""


def in_own_buildings(user: User, pairs: Iterable[Pair], directory: ConsoleDirectory) -> bool:
    """Whether a message, or one recipient's copy, belongs to the buildings of an account, by either side of a pair."""
    if user.sees_every_building:
        return True
    own = frozenset(user.buildings)
    return any(own & (directory.buildings_of(pair.staff) | directory.buildings_of(pair.student)) for pair in pairs)


def person_id_of(user: User, directory: ConsoleDirectory) -> str:
    """The sourcedId of the person with an account, also when only its name, an address, shows it; "" for none."""
    if user.person or "@" not in user.name:
        return user.person
    person = directory.person(user.name)
    return person.id if person is not None else ""


def family_ids(id_: str, directory: ConsoleDirectory) -> frozenset[str]:
    """The sourcedIds of a person and their children; empty for ""."""
    person = directory.by_id(id_) if id_ else None
    return frozenset({id_} if id_ else ()) | (person.children if person else frozenset())


def is_party(user: User, pairs: Sequence[Pair], addresses: Iterable[str], directory: ConsoleDirectory) -> bool:
    """Whether the person with an account, or their own child, sent or received a message.

    `addresses` are those of its envelope.
    """
    return _concerns(family_ids(person_id_of(user, directory), directory), pairs, addresses, directory)


def _concerns(
    family: frozenset[str], pairs: Sequence[Pair], addresses: Iterable[str], directory: ConsoleDirectory
) -> bool:
    if not family:
        return False
    if any(pair.staff in family or pair.student in family for pair in pairs):
        return True
    return any(not family.isdisjoint(person_ids_behind(address, directory)) for address in addresses)


def person_ids_behind(address: str, directory: ConsoleDirectory) -> frozenset[str]:
    """The sourcedIds of the members of a group address, or of the person with any other address."""
    people = directory.members(address)
    if people is None:
        person = directory.person(address)
        people = () if person is None else (person,)
    return frozenset(person.id for person in people)


def sender_ids(pairs: Sequence[Pair], sender: str, directory: ConsoleDirectory) -> frozenset[str]:
    """The sourcedIds of the people who sent a message: by its pairs, and by the sender of its envelope."""
    ids = {pair.staff if pair.direction is Direction.STAFF_TO_STUDENT else pair.student for pair in pairs}
    person = directory.person(sender) if sender else None
    return frozenset(ids | ({person.id} if person is not None else set()))


def addresses_without_parties(
    candidates: Iterable[str], pairs: Sequence[Pair], addresses: Sequence[str], directory: ConsoleDirectory
) -> tuple[str, ...]:
    """The candidates who may get a notice about a message: nobody who, or whose child, is a party to it.

    `addresses` are those of its envelope. A group with such a member is replaced by the addresses of the other members.
    """
    envelope = {address.lower() for address in addresses}

    def allowed(address: str, person: Person | None) -> bool:
        if address.lower() in envelope:
            return False
        return person is None or not _concerns(family_ids(person.id, directory), pairs, addresses, directory)

    found: list[str] = []
    for address in candidates:
        members = directory.members(address)
        if members is None:
            found += [address] * allowed(address, directory.person(address))
        else:
            others = [member for member in members if allowed(member.address, member)]
            whole = len(others) == len(members) and address.lower() not in envelope
            found += [address] if whole else [member.address for member in others if member.address]
    return tuple(dict.fromkeys(found))
