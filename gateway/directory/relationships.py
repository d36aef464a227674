"""How those behind a recipient stand to somebody whose information a message tells, by the roster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway.core.messages.parties import Person, Role
from gateway.core.policy.legitimate_interest import Relationship
from gateway.core.policy.relation import behind

if TYPE_CHECKING:
    from gateway.directory.roster import Roster


def standings(roster: Roster, recipient: str, about: str) -> Iterator[tuple[str, frozenset[Relationship]]]:
    """Everybody behind a recipient by sourcedId, and how they stand to the person of another; nobody for a stranger."""
    row = roster.row_of_id(about)
    if row is None:
        return
    subject, classes, buildings = roster.at(row), roster.classes_at(row), roster.buildings_of(about)
    for person in behind(recipient, roster):
        yield person.id, frozenset(_stands(roster, person, subject, classes, buildings))


def _stands(
    roster: Roster, person: Person, subject: Person, classes: frozenset[int], buildings: frozenset[str]
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
    if roster.leads(row) and not buildings.isdisjoint(person.buildings):
        yield Relationship.ADMINISTRATOR
