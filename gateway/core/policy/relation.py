"""Who forms staff-student pairs with whom: the relation of a message, from its envelope and what its header claims.

The envelope sender is whose message it is. Header fields may claim further identities: they widen the scope, so that
a forged or forwarded sender cannot slip out of it, but they grant no exception.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.messages.addresses import guessed, undone
from gateway.core.messages.parties import Direction, Directory, Pair, Person, Relation, Role
from gateway.core.mime.headers import Mailbox

CLAIMED = 10
"""Of more staff, or more students, that a header claims only so many are paired: one is enough to hold it."""

NAMESAKES = 5
"""Of more people of one name than this, only so many are paired, those of the recipient's buildings first."""

_WORD = re.compile(r"[^\s\"“”«»(),;:|<>\[\]!?…]+")
_WINDOW_WORDS = range(1, 6)  # a name in running text is a handle (danawhitfield), or two to five words with its title
_MOST_WORDS = 40


def relate(
    sender: str,
    claimed: Sequence[Mailbox],
    recipients: Sequence[str],
    directory: Directory,
    subject: str = "",
    networks: Collection[str] = (),
) -> Relation:
    """Every staff-student pair of a message.

    `sender` and `recipients` are those of the envelope, "" the null sender; `claimed` the mailboxes of From, Sender
    and Resent-From; `subject` decoded; `networks` the domains of social networks, whose notifications count as the
    personal account of the person they name.
    """
    senders = _identified(sender, directory)
    others: dict[str, _Known] = {}
    shown: dict[str, Person] = {}
    if _of(sender, networks):
        shown |= _by_id(_held_names(subject, directory))
    for box in claimed:
        people = _identified(box.address, directory)
        if people:
            for known in people.values():
                mine = senders if known.person.id in senders else others
                if mine is senders or known.person.id in others or _has_room(others, known.person):
                    mine[known.person.id] = known.with_personal(mine.get(known.person.id))
        elif _of(box.address, networks):
            shown |= _by_id(_held_names(f"{box.name} | {subject}", directory))
            shown |= _by_id(directory.namesakes(box.name))
        elif box.name and _is_unknown_outside(box.address, directory):
            shown |= _by_id(directory.namesakes(box.name))
    if not senders and not others and not shown:
        return Relation()
    pairs: dict[tuple[str, str, str, Direction], Pair] = {}
    for recipient in dict.fromkeys(recipients):
        behind = _behind(recipient, directory)
        for known in senders.values():
            _note(pairs, _pairs(known, recipient, behind, grants=True))
        for known in others.values():
            _note(pairs, _pairs(known, recipient, behind, grants=False))
        if shown and behind:
            _note(pairs, _namesake_pairs(shown.values(), recipient, behind))
    return Relation(tuple(pairs.values()))


def envelope_relation(sender: str, recipients: Sequence[str], directory: Directory) -> Relation:
    """The pairs that the envelope alone shows."""
    return relate(sender, (), recipients, directory)


def identified(sender: str, directory: Directory) -> tuple[Person, ...]:
    """The staff and students that an address stands for, rewriting undone; nobody for the null sender.

    Cheap for strangers: a relay asks it once per MAIL and `forms_pair` per RCPT.
    """
    return tuple(known.person for known in _identified(sender, directory).values())


def forms_pair(senders: Sequence[Person], recipient: str, directory: Directory) -> bool:
    """Whether one recipient forms a pair with any of the people that `identified` gave: RCPT's question."""
    if not senders:
        return False
    behind = _behind(recipient, directory)
    return any(True for person in senders for _ in _pairs(_Known(person), recipient, behind, grants=False))


def behind(recipient: str, directory: Directory) -> tuple[Person, ...]:
    """The people who get what goes to one recipient: the members of a group, or whoever the address stands for."""
    return tuple(known.person for known in _behind(recipient, directory))


@dataclass(frozen=True, slots=True)
class _Known:
    """A person, and whether the address that showed it is a personal account of theirs."""

    person: Person
    personal: bool = False

    def with_personal(self, other: _Known | None) -> _Known:
        return _Known(self.person, self.personal or (other is not None and other.personal))


def _identified(sender: str, directory: Directory) -> dict[str, _Known]:
    """Those of `identified`, by id."""
    if not sender:
        return {}
    found = _certain(sender, directory)
    if "=" in sender:
        for each in guessed(sender):
            person = directory.person(each)
            if person is not None and person.name:  # an unknown student has no name: a guess makes nobody a student
                found.setdefault(person.id, _Known(person, _is_personal(each, person, directory)))
    return {id_: known for id_, known in found.items() if _in_question(known.person)}


def _certain(address: str, directory: Directory) -> dict[str, _Known]:
    return {
        person.id: _Known(person, _is_personal(each, person, directory))
        for each in undone(address)
        if (person := directory.person(each)) is not None
    }


def _is_personal(address: str, person: Person, directory: Directory) -> bool:
    """Whether an address is a personal account; a student's number is not, for districts give students no phones."""
    return not directory.is_internal(address) and ("@" in address or Role.STAFF in person.roles)


def _in_question(person: Person) -> bool:
    return Role.STAFF in person.roles or Role.STUDENT in person.roles


def _has_room(others: Mapping[str, _Known], person: Person) -> bool:
    """Whether a role of this person is not claimed too often yet."""
    return any(
        role in person.roles and sum(role in each.person.roles for each in others.values()) < CLAIMED
        for role in (Role.STAFF, Role.STUDENT)
    )


def _by_id(people: Iterable[Person]) -> dict[str, Person]:
    return {person.id: person for person in people if _in_question(person)}


def _behind(recipient: str, directory: Directory) -> Collection[_Known]:
    """The people who get what goes to one recipient: the members of a group, or whoever the address stands for."""
    for each in undone(recipient):
        members = directory.members(each)
        if members is not None:
            return [_Known(member) for member in members]
    return _certain(recipient, directory).values()


def _is_unknown_outside(address: str, directory: Directory) -> bool:
    """Whether an address is neither the district's nor anybody's whom the roster knows, a guardian's included."""
    return (
        not directory.is_internal(address) and directory.members(address) is None and not _certain(address, directory)
    )


def _of(address: str, networks: Collection[str]) -> bool:
    """Whether an address belongs to one of the domains or a subdomain of one."""
    if not networks:
        return False
    domain = address.rpartition("@")[2].strip(" >.").lower()
    while domain:
        if domain in networks:
            return True
        domain = domain.partition(".")[2]
    return False


def _held_names(text: str, directory: Directory) -> Iterator[Person]:
    """The people whose name a running text holds."""
    words = [word.removesuffix("'s").removesuffix("’s") for word in _WORD.findall(text)[:_MOST_WORDS]]
    for length in _WINDOW_WORDS:
        for start in range(len(words) - length + 1):
            yield from directory.namesakes(" ".join(words[start : start + length]))


def _pairs(sender: _Known, recipient: str, behind: Collection[_Known], grants: bool) -> Iterator[Pair]:
    """The pairs of one sender with the people behind one recipient, read in every direction that their roles allow."""
    me, personal = sender.person, sender.personal
    if Role.STAFF in me.roles:
        students = [each for each in behind if Role.STUDENT in each.person.roles and each.person.id != me.id]
        own = grants and all(each.person.id in me.children for each in students)
        for each in students:
            outside = personal or each.personal
            yield Pair(recipient, me.id, each.person.id, Direction.STAFF_TO_STUDENT, own, outside)
    if Role.STUDENT in me.roles:
        staff = [each for each in behind if Role.STAFF in each.person.roles and each.person.id != me.id]
        own = grants and all(me.id in each.person.children for each in staff)
        for each in staff:
            outside = personal or each.personal
            yield Pair(recipient, each.person.id, me.id, Direction.STUDENT_TO_STAFF, own, outside)


def _namesake_pairs(shown: Collection[Person], recipient: str, behind: Collection[_Known]) -> Iterator[Pair]:
    """The pairs of the people whose name is shown; where those of the recipient's buildings form some, only theirs."""
    buildings = {building for each in behind for building in each.person.buildings}
    near = [person for person in shown if not buildings.isdisjoint(person.buildings)]
    far = sorted((person for person in shown if buildings.isdisjoint(person.buildings)), key=lambda person: person.id)
    made = 0
    for group in (near, far):
        for person in group:
            pairs = tuple(_pairs(_Known(person, personal=True), recipient, behind, grants=False))
            yield from pairs
            made += bool(pairs)
            if made == NAMESAKES:
                return
        if made:
            return


def _note(pairs: dict[tuple[str, str, str, Direction], Pair], found: Iterable[Pair]) -> None:
    for pair in found:
        pairs.setdefault((pair.recipient, pair.staff, pair.student, pair.direction), pair)
