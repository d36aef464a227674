"""Legitimate interest: whether the people behind a recipient may have information about a person.

The directory tells the relationships; without an answer nobody is authorized. "Legitimate educational interest" is the
term of FERPA.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

from gateway.core.messages.parties import Direction, Pair


class Relationship(StrEnum):
    """The relationship of a recipient to the person that information is about."""

    SELF = "self"  # that person
    GUARDIAN = "guardian"  # a guardian of that student
    OWN_TEACHER = "own_teacher"  # staff who share a class with that student
    COUNSELOR = "counselor"  # a counselor of the student's school, or special staff for that student or school
    ADMINISTRATOR = "administrator"  # an administrator of one of that person's buildings, or of an org above it


Relationships = Callable[[str, str], Iterable[tuple[str, frozenset[Relationship]]]]
"""For a recipient and a sourcedId: everybody behind the recipient, with their relationships to that person."""


def no_relationships(recipient: str, about: str) -> Iterable[tuple[str, frozenset[Relationship]]]:
    """The answer without a directory."""
    return ()


def authorized(
    pairs: Iterable[Pair], about: str, authorised: frozenset[Relationship], relationships: Relationships
) -> bool:
    """Whether everybody behind the recipients of some pairs has an authorized relationship to a person.

    Everybody recorded in the pairs at acceptance must still be behind the recipient.
    """
    receivers: dict[str, set[str]] = {}
    for pair in pairs:
        receiver = pair.student if pair.direction is Direction.STAFF_TO_STUDENT else pair.staff
        receivers.setdefault(pair.recipient, set()).add(receiver)
    for recipient, missing in receivers.items():
        for person, found in relationships(recipient, about):
            if authorised.isdisjoint(found):
                return False
            missing.discard(person)
        if missing:
            return False
    return bool(receivers)
