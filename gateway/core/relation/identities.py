"""Identities: the people behind addresses, and the staff-student pairs that a sender forms with a recipient."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from gateway.core.messages.addresses import guess_identities, unwrap_address
from gateway.core.messages.parties import AccountBasis, Direction, Directory, Pair, Person, Role


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, and how the address that identified them is their personal account, if it is one."""

    person: Person
    basis: AccountBasis | None = None
    confidence: float = 1.0

    @property
    def is_personal(self) -> bool:
        """Whether a personal account identified the person."""
        return self.basis is not None

    def merged(self, other: Identity | None) -> Identity:
        """The identity of the same person by two addresses: a personal account counts, the surest one first."""
        if other is None or other.basis is None or (self.basis is not None and self.confidence >= other.confidence):
            return self
        return Identity(self.person, other.basis, other.confidence)


def find_people(sender: str, directory: Directory) -> tuple[Person, ...]:
    """The staff and students behind a sender address, without SRS, BATV and VERP; nobody for the null sender.

    Fast for unknown addresses: a relay calls it once per MAIL, and `forms_pair` once per RCPT.
    """
    return tuple(identity.person for identity in identify(sender, directory).values())


def forms_pair(senders: Sequence[Person], recipient: str, directory: Directory) -> bool:
    """Whether one recipient forms a pair with any of the senders that `find_people` returned."""
    if not senders:
        return False
    receivers = behind(recipient, directory)
    return any(
        True
        for person in senders
        for _ in pairs_of(Identity(person), recipient, receivers, claimed=True, guardians=directory.reads_guardians)
    )


def people_behind(recipient: str, directory: Directory) -> tuple[Person, ...]:
    """The people behind a recipient: the members of a group, or the person with the address."""
    return tuple(identity.person for identity in behind(recipient, directory))


def identify(sender: str, directory: Directory) -> dict[str, Identity]:
    """The identities of `find_people`, by sourcedId."""
    if not sender:
        return {}
    found = _known_people(sender, directory)
    if "=" in sender:
        for address in guess_identities(sender):
            person = directory.person(address)
            if person is not None and person.name:  # only unknown students have no name: a guess must not make one
                found.setdefault(person.id, _identity(address, person, directory))
    return {id_: identity for id_, identity in found.items() if is_staff_or_student(identity.person)}


def behind(recipient: str, directory: Directory) -> Collection[Identity]:
    """The people behind a recipient: the members of a group, or the person with the address."""
    for address in unwrap_address(recipient):
        members = directory.members(address)
        if members is not None:
            return [Identity(member) for member in members]
    known = _known_people(recipient, directory)
    if not known:
        for address in unwrap_address(recipient):
            if (unknown := directory.unknown_student(address)) is not None:
                return [Identity(unknown)]
    return known.values()


def is_unknown_outside(address: str, directory: Directory) -> bool:
    """Whether an address is outside the district and belongs to nobody in the roster, including guardians."""
    return (
        not directory.is_internal(address)
        and directory.members(address) is None
        and not _known_people(address, directory)
    )


def is_staff_or_student(person: Person) -> bool:
    """Whether a person can be one of a staff-student pair."""
    return Role.STAFF in person.roles or Role.STUDENT in person.roles


def can_pair(one: Person, other: Person) -> bool:
    """Whether two people can be a staff-student pair."""
    return one.id != other.id and (
        (Role.STAFF in one.roles and Role.STUDENT in other.roles)
        or (Role.STUDENT in one.roles and Role.STAFF in other.roles)
    )


def is_guardian_only(person: Person) -> bool:
    """Whether a person is a guardian, and neither staff nor a student."""
    return Role.GUARDIAN in person.roles and not is_staff_or_student(person)


def pairs_of(
    sender: Identity, recipient: str, receivers: Collection[Identity], claimed: bool, *, guardians: bool = False
) -> Iterator[Pair]:
    """The pairs of one sender with the people behind one recipient, in every direction that their roles allow.

    `claimed`: the sender is not certain, so there is no own-child exception. A guessed receiver is not certain either.
    `guardians`: a guardian behind the recipient of a staff member's message forms a pair for clause 8, too.
    """
    person = sender.person
    if guardians and Role.STAFF in person.roles:
        for receiver in receivers:
            if is_guardian_only(receiver.person):
                yield Pair(
                    recipient, person.id, receiver.person.id, Direction.STAFF_TO_STUDENT, claimed=claimed, guardian=True
                )
    if Role.STAFF in person.roles:
        students = [
            receiver for receiver in receivers
            if Role.STUDENT in receiver.person.roles and receiver.person.id != person.id
        ]  # fmt: skip
        own = not claimed and all(
            student.person.id in person.children and not _is_guess(student) for student in students
        )
        for student in students:
            basis, confidence = _account(sender, student)
            yield Pair(
                recipient, person.id, student.person.id, Direction.STAFF_TO_STUDENT, own, basis is not None, claimed,
                basis, confidence,
            )  # fmt: skip
    if Role.STUDENT in person.roles:
        staff = [
            receiver for receiver in receivers
            if Role.STAFF in receiver.person.roles and receiver.person.id != person.id
        ]  # fmt: skip
        own = not claimed and all(person.id in member.person.children and not _is_guess(member) for member in staff)
        for member in staff:
            basis, confidence = _account(sender, member)
            yield Pair(
                recipient, member.person.id, person.id, Direction.STUDENT_TO_STAFF, own, basis is not None, claimed,
                basis, confidence,
            )  # fmt: skip


def _is_guess(identity: Identity) -> bool:
    return identity.basis not in (None, AccountBasis.KNOWN)


def _account(one: Identity, other: Identity) -> tuple[AccountBasis | None, float]:
    """How a personal account of a pair was attributed; the less certain of two."""
    personal = [identity for identity in (one, other) if identity.basis is not None]
    least = min(personal, key=lambda identity: identity.confidence, default=None)
    return (None, 1.0) if least is None else (least.basis, least.confidence)


def _known_people(address: str, directory: Directory) -> dict[str, Identity]:
    return {
        person.id: _identity(original, person, directory)
        for original in unwrap_address(address)
        if (person := directory.person(original)) is not None
    }


def _identity(address: str, person: Person, directory: Directory) -> Identity:
    """A student's number is no personal account: districts give students no phones."""
    personal = not directory.is_internal(address) and ("@" in address or Role.STAFF in person.roles)
    return Identity(person, AccountBasis.KNOWN if personal else None)
