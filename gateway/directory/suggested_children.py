"""Staff members who may be parents of students: same family name, and a number or an address in common.

Nothing follows from a suggestion. Who is whose parent is what the roster's guardians say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.core.messages.parties import Person, Role
from gateway.directory.names.name_keys import fold_words
from gateway.directory.roster import AccountKind, Roster

MAX_OWNERS = 8
"""A number that more people have than this says nothing about any two of them."""

_NUMBERS = frozenset({AccountKind.PHONE, AccountKind.PERSONAL_PHONE})


@dataclass(frozen=True, slots=True)
class SuggestedChild:
    """A staff member and a student. `reasons`: phone, or email, each with `guardian` if a guardian has it."""

    staff: Person
    student: Person
    reasons: tuple[str, ...]


def suggest_children(roster: Roster) -> list[SuggestedChild]:
    """Every suggestion, in order of the staff members' names."""
    owners: dict[str, set[str]] = {}
    kinds: dict[str, str] = {}
    people: dict[str, Person] = {}
    for person in roster:
        people[person.id] = person
        for account in roster.accounts(person.id):
            if account.kind is not AccountKind.DISTRICT_PHONE:
                owners.setdefault(account.address, set()).add(person.id)
                kinds[account.address] = "phone" if account.kind in _NUMBERS else "email"
    guarded: dict[tuple[str, str], dict[str, None]] = {}
    for address, ids in owners.items():
        if not 1 < len(ids) <= MAX_OWNERS:
            continue
        for one in map(people.__getitem__, sorted(ids)):
            if Role.STAFF not in one.roles:
                continue
            for other in map(people.__getitem__, sorted(ids)):
                for student, reason in _students_of(other, people, kinds[address]):
                    if student.id != one.id and student.id not in one.children and _same_family(one, student):
                        guarded.setdefault((one.id, student.id), {})[reason] = None
    found = [SuggestedChild(people[staff], people[student], tuple(why)) for (staff, student), why in guarded.items()]
    return sorted(found, key=lambda pair: (pair.staff.name, pair.student.name, pair.staff.id, pair.student.id))


def _students_of(person: Person, people: dict[str, Person], kind: str) -> Iterator[tuple[Person, str]]:
    """The student that a person is, and the students whose guardian the person is."""
    if Role.STUDENT in person.roles:
        yield person, kind
    for child in person.children:
        if (student := people.get(child)) is not None:
            yield student, f"{kind} of a guardian"


def _same_family(one: Person, other: Person) -> bool:
    names = fold_words(one.name), fold_words(other.name)
    return bool(names[0] and names[1]) and names[0][-1] == names[1][-1]
