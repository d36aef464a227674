"""Describes one address: what the roster knows about it, to explain why a message is in scope."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.messages.addresses import canonical_address, unwrap_address
from gateway.core.messages.parties import Person
from gateway.directory.roster import Account, Org, Roster


@dataclass(frozen=True, slots=True)
class AddressReport:
    """What the roster knows about an address.

    `status` is own, second, phone, personal_mail, personal_phone or district_phone (an account of `person`),
    confirmed (a personal account by an administrator), sourced_id, group, unknown_student or unknown. `rewritten` are
    the addresses behind SRS, BATV and similar rewriting, empty when there is none. `members` are those of a group;
    `guardians` are the guardians of `person`.
    """

    address: str
    status: str
    internal: bool
    rewritten: tuple[str, ...] = ()
    person: Person | None = None
    accounts: tuple[Account, ...] = ()
    buildings: tuple[Org, ...] = ()
    children: tuple[Person, ...] = ()
    guardians: tuple[Person, ...] = ()
    groups: tuple[str, ...] = ()
    members: tuple[Person, ...] = ()


def describe_address(roster: Roster, address: str) -> AddressReport:
    """Everything the roster knows about an address, a number or a sourcedId."""
    internal = roster.is_internal(address)
    if (members := roster.members(address)) is not None:
        return AddressReport(address, "group", internal, members=members)
    inner = unwrap_address(address)
    rewritten = inner if inner != (address,) else ()
    people = [person for original in inner if (person := roster.person(original)) is not None]
    person = people[0] if people else roster.by_id(address)
    if person is None:
        return AddressReport(address, "unknown", internal, rewritten)
    account = next((known for original in inner if (known := roster.account(original)) is not None), None)
    if roster.by_id(person.id) is None:
        return AddressReport(address, "unknown_student", internal, rewritten, person)
    confirmed = any(canonical_address(original) in roster.personal_accounts.confirmed for original in inner)
    return AddressReport(
        address,
        account.kind.name.lower() if account else "confirmed" if confirmed else "sourced_id",
        internal,
        rewritten,
        person,
        roster.accounts(person.id),
        tuple(roster.orgs[building] for building in person.buildings if building in roster.orgs),
        tuple(child for id_ in sorted(person.children) if (child := roster.by_id(id_)) is not None),
        tuple(other for other in roster if person.id in other.children),
        roster.groups_of(person.id),
    )
