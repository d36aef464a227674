"""The roster in memory: who is behind an address, who is in a group, whose name is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from gateway.core.messages.addresses import canonical
from gateway.core.messages.parties import Person, Role
from gateway.core.policy.legitimate_interest import Relationship
from gateway.directory.name_resolution import meant
from gateway.directory.names import shown_keys
from gateway.directory.packed import Image, Index, Runs, Texts
from gateway.directory.relationships import standings

NOBODY = 0xFFFFFFFF
"""The account of an address that too many people share for it to say who it is."""

APART = "\x1f"
"""What stands between the texts of one person."""

TITLED = 3
"""A title with a surname shows somebody only where no more staff than this have that surname."""

ROLE_BITS = {Role.STAFF: 1, Role.STUDENT: 2, Role.GUARDIAN: 4}
LEADS = 8
"""The bit, beside those of the roles, of staff who administer their buildings."""

_BITS = range(16)
_ROLES = tuple(frozenset(role for role, bit in ROLE_BITS.items() if bits & bit) for bits in _BITS)
_NO_CHILDREN: frozenset[str] = frozenset()
_REMEMBERED = 16_384  # addresses; then all are forgotten and remembered anew
_NOT_ASKED = Person("", "", frozenset())


class AccountKind(IntEnum):
    """How an address belongs to a person."""

    OWN = 0  # the mail address of the roster
    SECOND = 1  # a user name or profile that is a mail address
    PHONE = 2  # a number of the roster
    PERSONAL_MAIL = 3  # a known personal account (contacts)
    PERSONAL_PHONE = 4  # a known personal number (contacts)
    DISTRICT_PHONE = 5  # a district number that stands for the person (contacts)


@dataclass(frozen=True, slots=True)
class Account:
    """One address of a person, in canonical form."""

    address: str
    kind: AccountKind


@dataclass(frozen=True, slots=True)
class Org:
    """A school, a district or another organisation."""

    id: str
    name: str
    type: str
    parent: str


class Roster:
    """A `gateway.core.messages.parties.Directory` over one image. Never changes: a new roster is a new object."""

    def __init__(self, image: Image) -> None:
        facts = image.facts
        self.image = image
        self.orgs: Mapping[str, Org] = {row[0]: Org(*row) for row in facts["orgs"]}
        self.max_removal: float = facts["max_removal"]  # what the import of this roster allowed
        self._buildings: list[tuple[str, ...]] = [tuple(each) for each in facts["buildings"]]
        self._aliases: dict[str, str] = facts["aliases"]
        self._student_domains = frozenset(facts["student_domains"])
        self._internal = frozenset(facts["domains"]) | self._student_domains
        self._persons = Texts(image, "people")  # id, name, address, children
        self._roles, self._digests = image.raw("roles"), image.numbers("digests", "Q")
        self._orgs = image.numbers("orgs", "I")
        self._addresses, self._kinds = Texts(image, "accounts"), image.raw("kinds")
        self._owned = image.numbers("owned", "I")  # where each person's accounts begin
        self._by_id, self._by_account, self._by_name = (
            Index(image, f"by_{each}") for each in ("id", "account", "name")
        )
        self._groups = Texts(image, "groups")
        self._group_rows, self._group_nested, self._group_strangers = (
            Runs(image, f"group_{each}") for each in ("rows", "nested", "strangers")
        )
        self._strangers, self._by_group = Texts(image, "strangers"), Index(image, "by_group")
        self._classes, self._enrolled = Texts(image, "classes"), Runs(image, "enrolled")
        self._attending = Runs(image, "attending")
        self._known: dict[str, Person | None] = {}
        self._last_group: tuple[int, tuple[Person, ...]] = (-1, ())

    # the directory

    def person(self, address: str) -> Person | None:
        """The person behind an address: own, known personal account, district phone; or an unknown student."""
        known = self._known
        found = known.get(address, _NOT_ASKED)
        if found is not _NOT_ASKED:
            return found
        if len(known) >= _REMEMBERED:
            known.clear()
        row = self._by_account.first(address)  # most addresses come in their one form
        if row is None and (one_form := canonical(address, self._aliases)) != address:
            row = self._by_account.first(one_form)
        if row is not None:
            found = None if row == NOBODY else self._of(row)
        elif one_form.rpartition("@")[2] in self._student_domains and self._by_group.first(one_form) is None:
            found = Person(one_form, "", _ROLES[ROLE_BITS[Role.STUDENT]], address=one_form)
        else:
            found = None
        known[address] = found
        return found

    def members(self, address: str) -> tuple[Person, ...] | None:
        """The members of a group address, nested groups opened; None where the address is no group."""
        if not self._groups:
            return None
        group = self._by_group.first(canonical(address, self._aliases))
        if group is None:
            return None
        last = self._last_group  # asked by several threads
        if last[0] != group:
            rows: dict[int, None] = {}
            strangers: dict[int, None] = {}
            for each in self._opened(group):
                rows |= dict.fromkeys(self._group_rows[each])
                strangers |= dict.fromkeys(self._group_strangers[each])
            unknown = (self.person(self._strangers[each]) for each in strangers)
            last = self._last_group = group, (*(self._of(row) for row in rows), *(each for each in unknown if each))
        return last[1]

    def _opened(self, group: int) -> Iterator[int]:
        """The group and every group in it, each once, cycles or not."""
        seen, open_ = {group}, [group]
        while open_:
            each = open_.pop()
            yield each
            for nested in self._group_nested[each]:
                if nested not in seen:
                    seen.add(nested)
                    open_.append(nested)

    def namesakes(self, display_name: str) -> tuple[Person, ...]:
        """The staff and students whose name a display name shows: a full name, or a title and a rare surname."""
        full, titled = shown_keys(display_name)
        rows: dict[int, None] = {}
        for key in full:
            rows |= dict.fromkeys(self._by_name.every(key))
        for key in titled:
            staff = list(dict.fromkeys(self._by_name.every(key)))
            if len(staff) <= TITLED:
                rows |= dict.fromkeys(staff)
        return tuple(self._of(row) for row in rows)

    def is_internal(self, address: str) -> bool:
        """Whether the address belongs to one of the district's domains, aliases included, or is a district number."""
        one_form = canonical(address, self._aliases)
        _, at, domain = one_form.rpartition("@")
        if at:
            return domain in self._internal
        account = self.account(one_form)
        return account is not None and account.kind is AccountKind.DISTRICT_PHONE

    # beyond the directory

    def __len__(self) -> int:
        """How many people there are."""
        return len(self._persons)

    def __iter__(self) -> Iterator[Person]:
        """Every person."""
        return (self._of(row) for row in range(len(self)))

    def by_id(self, id_: str) -> Person | None:
        """The person of a sourcedId."""
        row = self._by_id.first(id_)
        return None if row is None else self._of(row)

    def addresses_of(self, id_: str) -> tuple[str, ...]:
        """Every mail address and number of the person of a sourcedId, known personal ones too."""
        return tuple(each.address for each in self.accounts(id_))

    def building_name(self, id_: str) -> str:
        """The name of an org, its sourcedId where the roster has none."""
        org = self.orgs.get(id_)
        return org.name if org is not None and org.name else id_

    def buildings_of(self, id_: str) -> frozenset[str]:
        """The orgs that a person belongs to, and every org above them."""
        person = self.by_id(id_)
        open_ = list(person.buildings) if person is not None else []
        found: set[str] = set()
        while open_:
            each = open_.pop()
            if each not in found:
                found.add(each)
                if (org := self.orgs.get(each)) is not None and org.parent:
                    open_.append(org.parent)
        return frozenset(found)

    def row_of_id(self, id_: str) -> int | None:
        """Where the person of a sourcedId is."""
        return self._by_id.first(id_)

    def row(self, address: str) -> int | None:
        """Where the person is whose account an address, in canonical form, is."""
        row = self._by_account.first(address)
        return None if row == NOBODY else row

    def counts(self) -> dict[Role, int]:
        """How many people have each role; one person may have several."""
        bits = bytes(self._roles)
        return {role: sum(bits.count(each) for each in _BITS if each & bit) for role, bit in ROLE_BITS.items()}

    def accounts(self, id_: str) -> tuple[Account, ...]:
        """The addresses of a person; the one that mail goes to comes first."""
        row = self._by_id.first(id_)
        return () if row is None else tuple(dict.fromkeys(self._accounts_of(row)))

    def account(self, address: str) -> Account | None:
        """The known account that an address is."""
        one_form = canonical(address, self._aliases)
        row = self.row(one_form)
        listed = () if row is None else self._accounts_of(row)
        return max((each for each in listed if each.address == one_form), key=lambda each: each.kind, default=None)

    def _accounts_of(self, row: int) -> Iterator[Account]:
        for number in range(self._owned[row], self._owned[row + 1]):
            yield Account(self._addresses[number], AccountKind(self._kinds[number]))

    def phone(self, id_: str) -> str | None:
        """The number on which a person is reached: a known personal one, else the roster's; never a district number."""
        by_kind = {account.kind: account.address for account in reversed(self.accounts(id_))}
        return by_kind.get(AccountKind.PERSONAL_PHONE) or by_kind.get(AccountKind.PHONE)

    def groups_of(self, id_: str) -> tuple[str, ...]:
        """The group addresses that a person is behind. Looks through all groups."""
        row = self._by_id.first(id_)
        holds = [row in self._group_rows[group] for group in range(len(self._groups))]
        return tuple(
            self._groups[group]
            for group in range(len(self._groups))
            if row is not None and any(holds[each] for each in self._opened(group))
        )

    def group_of_both(self, one: str, other: str) -> str:
        """The name of the smallest group (a class, team or club) that two persons belong to, "" for none."""
        both = set(self.groups_of(one)) & set(self.groups_of(other))
        sizes = ((len(self.members(each) or ()), each) for each in both)
        return min(sizes, default=(0, ""))[1].partition("@")[0]

    def classes_of_both(self, one: str, other: str) -> tuple[str, ...]:
        """The names of the classes that two persons are enrolled in, as teacher, student or whatever else."""
        rows = self._by_id.first(one), self._by_id.first(other)
        if rows[0] is None or rows[1] is None:
            return ()
        both = sorted(set(self._enrolled[rows[0]]) & set(self._enrolled[rows[1]]))
        return tuple(dict.fromkeys(self._classes[number] for number in both))

    def at(self, row: int) -> Person:
        """The person of a row."""
        return self._of(row)

    def leads(self, row: int) -> bool:
        """Whether a person administers their buildings."""
        return bool(self._roles[row] & LEADS)

    def classes_at(self, row: int) -> frozenset[int]:
        """The numbers of the classes that a person is enrolled in."""
        return frozenset(self._enrolled[row])

    def attending(self, number: int) -> Sequence[int]:
        """The rows of those who are in a class."""
        return self._attending[number]

    def rows_named(self, key: str) -> list[int]:
        """The rows of those whom a key of their name finds (see `names`); as many as MOST may be more."""
        return self._by_name.every(key)

    def meant(self, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
        """Of names in a message between some people: the sourcedIds of those whom only one person fits."""
        return meant(self, names, near)

    def standings(self, recipient: str, about: str) -> Iterator[tuple[str, frozenset[Relationship]]]:
        """Everybody behind a recipient by sourcedId, and how they stand to the person of another."""
        return standings(self, recipient, about)

    def digests(self) -> Iterator[tuple[str, int, int]]:
        """The sourcedId, role bits and digest of every person: a changed digest is a changed person."""
        return zip((person.partition(APART)[0] for person in self._persons), self._roles, self._digests, strict=True)

    def _of(self, row: int) -> Person:
        texts = self._persons[row].split(APART)
        children = frozenset(texts[3:]) if len(texts) > 3 else _NO_CHILDREN
        roles, buildings = _ROLES[self._roles[row]], self._buildings[self._orgs[row]]
        return Person(texts[0], texts[1], roles, buildings, children, texts[2])
