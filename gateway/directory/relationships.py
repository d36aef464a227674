"""Relationships: how the people behind a recipient relate to the person that information is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from gateway.core.messages.parties import Directory, Person, Role
from gateway.core.policy.legitimate_interest import Relationship
from gateway.core.relation.identities import people_behind


class ClassDirectory(Directory, Protocol):
    """The part of `gateway.directory.roster.Roster` that is used here. People are rows."""

    def row_of_id(self, id_: str) -> int | None: ...

    def at(self, row: int) -> Person: ...

    def administers(self, row: int) -> bool: ...

    def counsels(self, row: int) -> bool: ...

    def served_by(self, id_: str) -> frozenset[str]: ...

    def classes_at(self, row: int) -> frozenset[int]: ...

    def buildings_of(self, id_: str) -> frozenset[str]: ...


def relationships_to(
    roster: ClassDirectory, recipient: str, about: str
) -> Iterator[tuple[str, frozenset[Relationship]]]:
    """For each person behind a recipient: their sourcedId and their relationships to the person `about`.

    `about` is a sourcedId. Yields nothing when the roster does not know it.
    """
    row = roster.row_of_id(about)
    if row is None:
        return
    subject, classes, buildings = roster.at(row), roster.classes_at(row), roster.buildings_of(about)
    for person in people_behind(recipient, roster):
        yield person.id, frozenset(_relationships(roster, person, subject, classes, buildings))


def _relationships(
    roster: ClassDirectory, person: Person, subject: Person, classes: frozenset[int], buildings: frozenset[str]
) -> Iterator[Relationship]:
    if person.id == subject.id:
        yield Relationship.SELF
    if subject.id in person.children:
        yield Relationship.GUARDIAN
    row = roster.row_of_id(person.id)
    if row is None or Role.STAFF not in person.roles:
        return
    if Role.STUDENT in subject.roles and not classes.isdisjoint(roster.classes_at(row)):
        yield Relationship.OWN_TEACHER
    if Role.STUDENT in subject.roles:
        served = roster.served_by(person.id)
        in_building = roster.counsels(row) and not buildings.isdisjoint(person.buildings)
        if in_building or subject.id in served or not buildings.isdisjoint(served):
            yield Relationship.COUNSELOR
    if roster.administers(row) and not buildings.isdisjoint(person.buildings):
        yield Relationship.ADMINISTRATOR
