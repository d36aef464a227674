"""The people of a message: persons, staff-student pairs, and the relation of a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """The role of a person in the district; a person may have several."""

    STAFF = "staff"
    STUDENT = "student"
    GUARDIAN = "guardian"


class Direction(StrEnum):
    """The direction of a message within a pair."""

    STAFF_TO_STUDENT = "staff_to_student"
    STUDENT_TO_STAFF = "student_to_staff"


OUTSIDE = "outside:"
"""Begins the id of an outsider as the adult of a pair; the address follows."""


def is_outsider(id_: str) -> bool:
    """Whether the adult of a pair is an outsider."""
    return id_.startswith(OUTSIDE)


OUT_OF_SCOPE = "out_of_scope"
"""The direction in metrics of messages that passed through."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the roster.

    `id` is the sourcedId; for an unknown address in a student domain it is the address. `children` are the sourcedIds
    of the students whose guardian this person is; `buildings` are orgs.
    """

    id: str
    name: str
    roles: frozenset[Role]
    buildings: tuple[str, ...] = ()
    children: frozenset[str] = frozenset()
    address: str = ""


class AccountBasis(StrEnum):
    """How a personal account was attributed to a person. Only `KNOWN` is certain; the others are guesses."""

    KNOWN = "known"  # the roster, the contacts, or an administrator says so
    NAME = "name"  # the display name, or the name in a notification
    LOCAL_PART = "local_part"  # the part of the address before the @
    SIGNATURE = "signature"  # the name that its text is signed with
    REPLY = "reply"  # it answers a message that was in scope, or is answered by one


@dataclass(frozen=True, slots=True)
class Namesakes:
    """Who may bear a name: `full` by given and family name, `partial` by a family name with title or initials."""

    full: tuple[Person, ...] = ()
    partial: tuple[Person, ...] = ()


class Directory(Protocol):
    """The directory, as the core uses it. Addresses are mail addresses or E.164 numbers, in any case and alias."""

    def by_id(self, id_: str) -> Person | None:
        """The person with a sourcedId."""

    def person(self, address: str) -> Person | None:
        """The person with an address, known personal account or district phone; or an unknown student."""

    def members(self, address: str) -> tuple[Person, ...] | None:
        """The members of a group address, including those of nested groups; None if the address is not a group."""

    def namesakes(self, display_name: str) -> tuple[Person, ...]:
        """The people whose name a display name shows, ignoring case, accents, order and look-alike letters."""

    def local_part_namesakes(self, local_part: str) -> Namesakes:
        """The people whose name a local part holds, in any usual joining and order."""

    def unknown_student(self, address: str) -> Person | None:
        """The student that an unknown district address counts as when a staff member writes to it, if it does."""

    def is_refused(self, address: str, person_id: str) -> bool:
        """Whether an administrator has said that an address is no personal account of a person."""

    def is_organization(self, address: str) -> bool:
        """Whether an outside address belongs to a registered organization."""

    @property
    def reads_guardians(self) -> bool:
        """Whether mail from staff to guardians is in scope for clause 8 (`policy.guardians`)."""

    def is_internal(self, address: str) -> bool:
        """Whether the address belongs to one of the district's domains, aliases included, or is a district number."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One staff-student pair of a message, formed by one recipient of its envelope.

    `outside`: one of the two uses a personal account instead of a district account. `claimed`: the sender's identity is
    only claimed: by a header field, by a name, or by a client that may not speak for the district. `basis`: how the
    personal account was attributed, None without one; `confidence` (0..1) is that of the attribution.
    `guardian`: instead of a student, `student` is a guardian in the roster: only clause 8 applies.
    """

    recipient: str
    staff: str
    student: str
    direction: Direction
    own_child: bool = False
    outside: bool = False
    claimed: bool = False
    basis: AccountBasis | None = None
    confidence: float = 1.0
    guardian: bool = False


@dataclass(frozen=True, slots=True)
class GuessedAccount:
    """An unknown outside address that counts as the personal account of a person (sourcedId)."""

    address: str
    person: str
    basis: AccountBasis
    confidence: float


@dataclass(frozen=True, slots=True)
class Relation:
    """Every pair of a message. A message with at least one pair is in scope.

    `guesses` are the accounts that its pairs rest on; they are not stored with the message.
    """

    pairs: tuple[Pair, ...] = ()
    guesses: tuple[GuessedAccount, ...] = field(default=(), compare=False)

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def pairs_of(self, recipient: str) -> tuple[Pair, ...]:
        """The pairs that one recipient forms; none if that recipient is due at once."""
        return tuple(pair for pair in self.pairs if pair.recipient == recipient)


NO_RELATION = Relation()
"""The relation of a message without a pair."""
