"""The relation of a message: its staff-student pairs, from the envelope and from what the header claims.

The envelope sender owns the message. Header fields may claim further identities. These widen the scope, so that a
forged or forwarded sender stays in scope, but they grant no exception.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.messages.addresses import guess_identities, unwrap_address
from gateway.core.messages.parties import Direction, Directory, Pair, Person, Relation, Role
from gateway.core.mime.headers import Mailbox

MAX_CLAIMED = 10
"""Staff members, and students, that a header can claim, at most. One is enough to hold the message."""

MAX_NAMESAKES = 5
"""People with the same name that are paired, at most; those of the recipient's buildings first."""

_WORD = re.compile(r"[^\s\"“”«»(),;:|<>\[\]!?…]+")
_WINDOW_WORDS = range(1, 6)  # a name is a handle (danawhitfield), or two to five words with its title
_MAX_WORDS = 40


def relate(
    sender: str,
    claimed: Sequence[Mailbox],
    recipients: Sequence[str],
    directory: Directory,
    subject: str = "",
    networks: Collection[str] = (),
    verified: bool = True,
) -> Relation:
    """Every staff-student pair of a message.

    `sender` ("" is the null sender) and `recipients` are those of the envelope. `claimed` are the mailboxes of From,
    Sender and Resent-From. `subject` is decoded. `networks` are domains of social networks: a notification from one
    counts as the personal account of the person it names. `verified`: the client may speak for the district; otherwise
    a district account as sender is only claimed.
    """
    senders = _identify(sender, directory)
    claimed_people: dict[str, _Identity] = {}
    named: dict[str, Person] = {}
    if _is_from(sender, networks):
        named |= _by_id(_names_in(subject, directory))
    for mailbox in claimed:
        people = _identify(mailbox.address, directory)
        if people:
            for identity in people.values():
                id_ = identity.person.id
                group = senders if id_ in senders else claimed_people
                if group is senders or id_ in claimed_people or _has_room(claimed_people, identity.person):
                    group[id_] = identity.with_personal(group.get(id_))
        elif _is_from(mailbox.address, networks):
            named |= _by_id(_names_in(f"{mailbox.name} | {subject}", directory))
            named |= _by_id(directory.namesakes(mailbox.name))
        elif mailbox.name and _is_unknown_outside(mailbox.address, directory):
            named |= _by_id(directory.namesakes(mailbox.name))
    if not senders and not claimed_people and not named:
        return Relation()
    pairs: dict[tuple[str, str, str, Direction], Pair] = {}
    for recipient in dict.fromkeys(recipients):
        receivers = _behind(recipient, directory)
        for identity in senders.values():
            claimed_only = not (verified or identity.personal)
            _add(pairs, _pairs(identity, recipient, receivers, claimed=claimed_only))
        for identity in claimed_people.values():
            _add(pairs, _pairs(identity, recipient, receivers, claimed=True))
        if named and receivers:
            _add(pairs, _namesake_pairs(named.values(), recipient, receivers))
    return Relation(tuple(pairs.values()))


def envelope_relation(sender: str, recipients: Sequence[str], directory: Directory) -> Relation:
    """The pairs that follow from the envelope alone."""
    return relate(sender, (), recipients, directory)


def find_people(sender: str, directory: Directory) -> tuple[Person, ...]:
    """The staff and students behind a sender address, without SRS, BATV and VERP; nobody for the null sender.

    Fast for unknown addresses: a relay calls it once per MAIL, and `forms_pair` once per RCPT.
    """
    return tuple(identity.person for identity in _identify(sender, directory).values())


def forms_pair(senders: Sequence[Person], recipient: str, directory: Directory) -> bool:
    """Whether one recipient forms a pair with any of the senders that `find_people` returned."""
    if not senders:
        return False
    receivers = _behind(recipient, directory)
    return any(True for person in senders for _ in _pairs(_Identity(person), recipient, receivers, claimed=True))


def people_behind(recipient: str, directory: Directory) -> tuple[Person, ...]:
    """The people behind a recipient: the members of a group, or the person with the address."""
    return tuple(identity.person for identity in _behind(recipient, directory))


@dataclass(frozen=True, slots=True)
class _Identity:
    """A person, and whether the address that identified them is a personal account."""

    person: Person
    personal: bool = False

    def with_personal(self, other: _Identity | None) -> _Identity:
        return _Identity(self.person, self.personal or (other is not None and other.personal))


def _identify(sender: str, directory: Directory) -> dict[str, _Identity]:
    """The identities of `find_people`, by sourcedId."""
    if not sender:
        return {}
    found = _known_people(sender, directory)
    if "=" in sender:
        for address in guess_identities(sender):
            person = directory.person(address)
            if person is not None and person.name:  # only unknown students have no name: a guess must not make one
                found.setdefault(person.id, _Identity(person, _is_personal(address, person, directory)))
    return {id_: identity for id_, identity in found.items() if _is_staff_or_student(identity.person)}


def _known_people(address: str, directory: Directory) -> dict[str, _Identity]:
    return {
        person.id: _Identity(person, _is_personal(original, person, directory))
        for original in unwrap_address(address)
        if (person := directory.person(original)) is not None
    }


def _is_personal(address: str, person: Person, directory: Directory) -> bool:
    """Whether an address is a personal account. A student's number is not: districts give students no phones."""
    return not directory.is_internal(address) and ("@" in address or Role.STAFF in person.roles)


def _is_staff_or_student(person: Person) -> bool:
    return Role.STAFF in person.roles or Role.STUDENT in person.roles


def _has_room(claimed_people: Mapping[str, _Identity], person: Person) -> bool:
    """Whether the header may claim one more person with a role of this one."""
    return any(
        role in person.roles and sum(role in claim.person.roles for claim in claimed_people.values()) < MAX_CLAIMED
        for role in (Role.STAFF, Role.STUDENT)
    )


def _by_id(people: Iterable[Person]) -> dict[str, Person]:
    return {person.id: person for person in people if _is_staff_or_student(person)}


def _behind(recipient: str, directory: Directory) -> Collection[_Identity]:
    """The people behind a recipient: the members of a group, or the person with the address."""
    for address in unwrap_address(recipient):
        members = directory.members(address)
        if members is not None:
            return [_Identity(member) for member in members]
    return _known_people(recipient, directory).values()


def _is_unknown_outside(address: str, directory: Directory) -> bool:
    """Whether an address is outside the district and belongs to nobody in the roster, including guardians."""
    return (
        not directory.is_internal(address)
        and directory.members(address) is None
        and not _known_people(address, directory)
    )


def _is_from(address: str, networks: Collection[str]) -> bool:
    """Whether the domain of an address is one of some domains or below one."""
    if not networks:
        return False
    domain = address.rpartition("@")[2].strip(" >.").lower()
    while domain:
        if domain in networks:
            return True
        domain = domain.partition(".")[2]
    return False


def _names_in(text: str, directory: Directory) -> Iterator[Person]:
    """The people whose names occur in a text."""
    words = [word.removesuffix("'s").removesuffix("’s") for word in _WORD.findall(text)[:_MAX_WORDS]]
    for length in _WINDOW_WORDS:
        for start in range(len(words) - length + 1):
            yield from directory.namesakes(" ".join(words[start : start + length]))


def _pairs(sender: _Identity, recipient: str, receivers: Collection[_Identity], claimed: bool) -> Iterator[Pair]:
    """The pairs of one sender with the people behind one recipient, in every direction that their roles allow.

    `claimed`: the sender is not certain, so there is no own-child exception.
    """
    person, personal = sender.person, sender.personal
    if Role.STAFF in person.roles:
        students = [
            receiver for receiver in receivers
            if Role.STUDENT in receiver.person.roles and receiver.person.id != person.id
        ]  # fmt: skip
        own = not claimed and all(student.person.id in person.children for student in students)
        for student in students:
            outside = personal or student.personal
            yield Pair(recipient, person.id, student.person.id, Direction.STAFF_TO_STUDENT, own, outside, claimed)
    if Role.STUDENT in person.roles:
        staff = [
            receiver for receiver in receivers
            if Role.STAFF in receiver.person.roles and receiver.person.id != person.id
        ]  # fmt: skip
        own = not claimed and all(person.id in member.person.children for member in staff)
        for member in staff:
            outside = personal or member.personal
            yield Pair(recipient, member.person.id, person.id, Direction.STUDENT_TO_STAFF, own, outside, claimed)


def _namesake_pairs(named: Collection[Person], recipient: str, receivers: Collection[_Identity]) -> Iterator[Pair]:
    """The pairs of people whose name occurs. If people of the recipient's buildings form any, only theirs."""
    buildings = {building for receiver in receivers for building in receiver.person.buildings}
    near = [person for person in named if not buildings.isdisjoint(person.buildings)]
    far = sorted((person for person in named if buildings.isdisjoint(person.buildings)), key=lambda person: person.id)
    made = 0
    for group in (near, far):
        for person in group:
            pairs = tuple(_pairs(_Identity(person, personal=True), recipient, receivers, claimed=True))
            yield from pairs
            made += bool(pairs)
            if made == MAX_NAMESAKES:
                return
        if made:
            return


def _add(pairs: dict[tuple[str, str, str, Direction], Pair], found: Iterable[Pair]) -> None:
    for pair in found:
        pairs.setdefault((pair.recipient, pair.staff, pair.student, pair.direction), pair)
