"""What the directory knows of one address, for people who ask why a message is in scope."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.messages.addresses import undone
from gateway.core.messages.parties import Person
from gateway.directory.roster import Account, Org, Roster


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an address.

    `standing` is a word: own, second, phone, personal_mail, personal_phone, district_phone (an account of `person`),
    group, unknown_student, or unknown. `rewritten` are the addresses it stands for once SRS, BATV and the like are
    undone, where that is another. `members` are those of a group; `guardians` the people whose child the person is.
    """

    address: str
    standing: str
    internal: bool
    rewritten: tuple[str, ...] = ()
    person: Person | None = None
    accounts: tuple[Account, ...] = ()
    buildings: tuple[Org, ...] = ()
    children: tuple[Person, ...] = ()
    guardians: tuple[Person, ...] = ()
    groups: tuple[str, ...] = ()
    members: tuple[Person, ...] = ()


def facts(roster: Roster, address: str) -> Facts:
    """Everything that the roster knows of one address or number; `address` may also be a sourcedId."""
    internal = roster.is_internal(address)
    if (members := roster.members(address)) is not None:
        return Facts(address, "group", internal, members=members)
    inner = undone(address)
    rewritten = inner if inner != (address,) else ()
    people = [person for each in inner if (person := roster.person(each)) is not None]
    person = people[0] if people else roster.by_id(address)
    if person is None:
        return Facts(address, "unknown", internal, rewritten)
    account = next((known for each in inner if (known := roster.account(each)) is not None), None)
    if roster.by_id(person.id) is None:
        return Facts(address, "unknown_student", internal, rewritten, person)
    return Facts(
        address,
        account.kind.name.lower() if account else "sourced_id",
        internal,
        rewritten,
        person,
        roster.accounts(person.id),
        tuple(roster.orgs[each] for each in person.buildings if each in roster.orgs),
        tuple(child for each in sorted(person.children) if (child := roster.by_id(each)) is not None),
        tuple(each for each in roster if person.id in each.children),
        roster.groups_of(person.id),
    )
