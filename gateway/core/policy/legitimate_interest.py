"""How those behind a recipient stand to the person whom information is about: by it a policy says who may have it.

Who stands how is the directory's to say. Where it says nothing, nobody is authorised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

from gateway.core.messages.parties import Direction, Pair


class Relationship(StrEnum):
    """What one person is to another whose information it is."""

    SELF = "self"  # that person
    GUARDIAN = "guardian"  # a guardian of that student
    OWN_TEACHER = "own_teacher"  # staff who share a class with that student
    ADMINISTRATOR = "administrator"  # an administrator of a building of that person's, or of what is above it


Relationships = Callable[[str, str], Iterable[tuple[str, frozenset[Relationship]]]]
"""Of a recipient and the sourcedId of whom information is about: everybody behind the recipient, and how they stand."""


def nobody_known(recipient: str, about: str) -> Iterable[tuple[str, frozenset[Relationship]]]:
    """The answer where there is no directory to ask."""
    return ()


def authorized(pairs: Iterable[Pair], about: str, may: frozenset[Relationship], standings: Relationships) -> bool:
    """Whether everybody behind the recipients of some pairs stands so to a person that they may have what is theirs.

    Those whom the pairs recorded at acceptance must be among those whom the directory names now.
    """
    received: dict[str, set[str]] = {}
    for pair in pairs:
        who = pair.student if pair.direction is Direction.STAFF_TO_STUDENT else pair.staff
        received.setdefault(pair.recipient, set()).add(who)
    for recipient, missing in received.items():
        for person, stands in standings(recipient, about):
            if may.isdisjoint(stands):
                return False
            missing.discard(person)
        if missing:
            return False
    return bool(received)
