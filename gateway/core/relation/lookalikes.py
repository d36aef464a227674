"""Look-alikes: whose personal account an unknown outside address may be, by the names beside it and in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.core.messages.addresses import unwrap_address
from gateway.core.messages.parties import AccountBasis, Directory, Person, Role
from gateway.core.relation.identities import Identity, can_pair, is_staff_or_student

MAX_NAMESAKES = 5
"""A name that fits more people than this is nobody's."""

FULL_NAME, FULL_LOCAL_PART, PART_OF_NAME, ANSWER, INITIAL = 0.9, 0.8, 0.6, 0.6, 0.5
"""How sure an attribution is: by a whole name, by less than a whole name, by an answer."""
SHARED = 0.7
"""The factor where a name fits several people."""

_TITLES = frozenset("mr mrs ms miss mx dr coach prof professor sr sra srta senor senora teacher".split())
_SENIOR = re.compile(r"[\s,._-](?:sr|senior)\.?\s*", re.IGNORECASE)
_SPLIT = re.compile(r"[^\w]+|_")


@dataclass(frozen=True, slots=True)
class Guess:
    """The people that one name fits, and how it was found. `near_only`: too weak for people of other buildings."""

    people: tuple[Person, ...]
    basis: AccountBasis
    confidence: float
    shown: str = ""
    near_only: bool = False


def guess_by_name(name: str, directory: Directory) -> Iterator[Guess]:
    """The guess that a display name allows."""
    people = _without_children(_pairable(directory.namesakes(name)), name) if name else ()
    if people:
        yield Guess(people, AccountBasis.NAME, FULL_NAME, name)
    elif _has_initial(name):
        staff = _pairable(directory.local_part_namesakes(name.strip()).partial)
        if staff:
            yield Guess(staff, AccountBasis.NAME, INITIAL, name, near_only=True)


def guess_by_local_part(address: str, names: Sequence[str], directory: Directory) -> Iterator[Guess]:
    """The guesses that the local part of an address allows. `names` are the display names beside it."""
    local = unwrap_address(address)[0].rpartition("@")[0] or address.rpartition("@")[0]
    found = directory.local_part_namesakes(local)
    if people := _without_children(_pairable(found.full), local):
        yield Guess(people, AccountBasis.LOCAL_PART, FULL_LOCAL_PART, local)
    partial = tuple(person for person in _pairable(found.partial) if not is_another_name(names, person))
    if partial:
        yield Guess(partial, AccountBasis.LOCAL_PART, INITIAL, local, near_only=True)


def narrowed(guess: Guess, address: str, others: Iterable[Person], directory: Directory) -> list[Identity]:
    """The people of a guess who can form a pair with the people of the other side.

    Of several, only those of the other side's buildings. A name that fits too many people is nobody's.
    """
    others = [person for person in others if is_staff_or_student(person)]
    people = [
        person
        for person in guess.people
        if any(can_pair(person, other) for other in others) and not directory.is_refused(address, person.id)
    ]
    if not people or len(people) > MAX_NAMESAKES:
        return []
    several = len(people) > 1
    if several or guess.near_only:
        buildings = {building for other in others for building in other.buildings}
        people = [person for person in people if not buildings.isdisjoint(person.buildings)]
    people = [person for person in people if not _is_family(person, guess.shown, others)]
    sure = guess.confidence if has_given_name(guess.shown, people) else min(guess.confidence, PART_OF_NAME)
    confidence = round(sure * (SHARED if several else 1.0), 2)
    return [Identity(person, guess.basis, confidence) for person in people]


def is_another_name(names: Iterable[str], person: Person) -> bool:
    """Whether a display name is a whole name of somebody else: it does not hold the person's given name."""
    own = person_words(person.name)
    for name in names:
        words = [word for word in person_words(name) if len(word) > 1]
        if len(words) > 1 and own and own[0] not in words:
            return True
    return False


def person_words(name: str) -> list[str]:
    """The words of a name without case and accents."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name[:200]) if not unicodedata.combining(char))
    return [word for word in _SPLIT.split(plain.casefold()) if word]


def _has_initial(name: str) -> bool:
    """Whether a display name is a family name with an initial: "P. Lindgren"."""
    words = [word for word in person_words(name) if word not in _TITLES]
    return len(words) == 2 and sorted(map(len, words))[0] == 1


def has_given_name(shown: str, people: Collection[Person]) -> bool:
    """Whether a name shows the given name of one of some people."""
    joined = "".join(person_words(shown))
    return any(words and words[0] in joined for words in (person_words(person.name) for person in people))


def _is_family(person: Person, shown: str, others: Sequence[Person]) -> bool:
    """Whether a name without the given name is more likely that of a relative of the other side.

    A father is Mr. Lopez too, and his address may be the initial of his child with the family name.
    """
    own, words = person_words(person.name), person_words(shown)
    if not own or own[0] in "".join(words):
        return False
    if len(words) > 1 and _TITLES.isdisjoint(words) and min(map(len, words)) > 1:
        return False  # a whole name, in letters that look alike
    return any(other.id != person.id and person_words(other.name)[-1:] == own[-1:] for other in others)


def _without_children(people: tuple[Person, ...], shown: str) -> tuple[Person, ...]:
    """The people without students if a name is that of a Senior: a father with the name of his child."""
    found = _SENIOR.search(shown)
    if found is None or found.end() != len(shown):
        return people
    return tuple(person for person in people if Role.STUDENT not in person.roles)


def _pairable(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(person for person in people if is_staff_or_student(person))
