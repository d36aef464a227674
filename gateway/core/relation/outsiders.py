"""Outsiders who write to several students of one school: a person's own mail from an address that nobody knows.

Organizations write to many, too. They are told apart by the form of their mail, by volume, and by being registered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.parties import OUTSIDE, Direction, Directory, Pair, Person, Relation, Role
from gateway.core.relation.identities import behind, is_unknown_outside
from gateway.core.relation.mail_claims import MailClaims

WINDOW = 7 * 86400.0
"""Seconds within which students count."""
SEVERAL = 3
"""Students of one school from which it is a finding."""
MANY = 25
"""Students from which the sender is an organization, by volume."""

_OFFICE = re.compile(
    r"(?:.*[._+-])?(?:no-?_?\.?reply|do-?_?not-?_?reply|news(?:letters?)?|info(?:rmation)?|admissions?|office|sales|events?"
    r"|marketing|admin(?:istrator)?|scholarships?|recruit(?:ing|ment)|webmaster|postmaster|contact|support|help(?:desk)?"
    r"|hello|billing|service|customer-?service|orders?|notif(?:y|ications?)|alerts?|updates?|mailer|team|library|press"
    r"|editor|registrar|enroll(?:ment)?|outreach|programs?|membership|subscriptions?|accounts?|feedback|survey|jobs"
    r"|careers?|list|bounces?|mailer-daemon|daemon|digest|announce(?:ments)?|reservations|tickets|camps?|apply)\d*"
    r"(?:[._+-].*)?",
    re.IGNORECASE,
)
_ORGANIZATION = re.compile(
    r"\b(?:office|college|university|school|schools|library|team|inc|llc|ltd|corp|company|foundation|admissions?"
    r"|scholarships?|program|department|center|centre|publish(?:er|ers|ing)|press|news|newsletter|store|shop"
    r"|association|academy|institute|society|museum|church|council|committee|club|league|services?|support|bank"
    r"|hospital|clinic|district|county|city|state|camp|festival|orchestra|theat(?:er|re)|magazine|journal|review|board"
    r"|studios?|lessons|tutoring|troop|scouts?|dance|gym|karate|music|band|choir|parish|ministry|co|restaurant|pizza"
    r"|photography|network|online|learning|education|testing|universidad|colegio|biblioteca|oficina|fundaci[oó]n|beca|becas)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class OutsideLetter:
    """A person's own mail from an unknown outside address to students. `author` is in canonical form."""

    author: str
    students: tuple[Person, ...]


def read_outside_letter(
    sender: str, claims: MailClaims, recipients: Sequence[str], directory: Directory
) -> OutsideLetter | None:
    """The mail as one of an outsider to students; None for any other, and for one in the form of an organization's."""
    if not sender or claims.is_bulk or claims.is_automatic or len(recipients) > MANY:
        return None
    boxes = [box for box in claims.authors if box.address]
    if not is_unknown_outside(sender, directory) or directory.is_organization(sender):
        return None
    if any(not is_unknown_outside(box.address, directory) or directory.is_organization(box.address) for box in boxes):
        return None
    if any(_OFFICE.fullmatch(address.rpartition("@")[0][:64]) for address in (sender, *(box.address for box in boxes))):
        return None
    if any(_ORGANIZATION.search(box.name[:200]) for box in boxes):
        return None
    students: dict[str, Person] = {}
    for recipient in recipients:
        people = behind(recipient, directory)
        if len(people) == 1:
            person = next(iter(people)).person
            if Role.STUDENT in person.roles and Role.STAFF not in person.roles:
                students[person.id] = person
    if not students:
        return None
    author = boxes[0].address if boxes else sender
    return OutsideLetter(canonical_address(author), tuple(students.values()))


def students_of_one_school(students: Collection[str], by_id: Callable[[str], Person | None]) -> int:
    """How many of some students (sourcedIds) belong to the same school, at most."""
    schools = Counter(
        building for person in map(by_id, students) if person is not None for building in set(person.buildings)
    )
    return max(schools.values(), default=0)


def is_finding(students: Collection[str], by_id: Callable[[str], Person | None]) -> bool:
    """Whether an outsider wrote to several students of one school, but not to as many as an organization."""
    return students_of_one_school(students, by_id) >= SEVERAL and len(students) < MANY


def outsider_relation(letter: OutsideLetter, recipients: Sequence[str], directory: Directory) -> Relation:
    """The pairs of an outsider, as an adult who is nobody of the district, with the students."""
    ids = {student.id for student in letter.students}
    return Relation(
        tuple(
            Pair(
                recipient, OUTSIDE + letter.author, identity.person.id, Direction.STAFF_TO_STUDENT, outside=True,
                claimed=True, confidence=0.5,
            )
            for recipient in dict.fromkeys(recipients)
            for identity in behind(recipient, directory)
            if identity.person.id in ids
        )
    )  # fmt: skip
