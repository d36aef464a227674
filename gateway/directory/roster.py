"""The roster in memory: who is behind an address, who is in a group, who bears a name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.parties import Namesakes, Person, Role
from gateway.core.policy.legitimate_interest import Relationship
from gateway.core.relation.personal_accounts import NO_PERSONAL_ACCOUNTS, PersonalAccounts
from gateway.directory.name_resolution import resolve_names
from gateway.directory.names.local_parts import local_part_keys
from gateway.directory.names.name_keys import shown_keys
from gateway.directory.relationships import relationships_to
from gateway.directory.roster_image import HashIndex, PackedLists, PackedTexts, RosterImage

SHARED_ADDRESS = 0xFFFFFFFF
"""The owner of an address that too many people share: it identifies nobody."""

SEPARATOR = "\x1f"
"""Separates the texts of one person."""

MAX_SAME_SURNAME = 5
"""A title with a surname matches only when at most this many staff have the surname."""

ROLE_BITS = {Role.STAFF: 1, Role.STUDENT: 2, Role.GUARDIAN: 4}
ADMINISTRATOR_BIT = 8
"""Set, beside the bits of roles, for staff who administer their buildings."""

COUNSELOR_BIT = 16
"""Set, beside the bits of roles, for staff who counsel the students of their buildings."""

_BITS = range(32)
_ROLES = tuple(frozenset(role for role, bit in ROLE_BITS.items() if bits & bit) for bits in _BITS)
_NO_CHILDREN: frozenset[str] = frozenset()
_CACHED_ADDRESSES = 16_384  # when full, the whole cache is cleared
_NOT_CACHED = Person("", "", frozenset())
_NOBODY = Namesakes()


class AccountKind(IntEnum):
    """How an address belongs to a person."""

    OWN = 0  # the mail address of the roster
    SECOND = 1  # a user name or profile that is a mail address
    PHONE = 2  # a number of the roster
    PERSONAL_MAIL = 3  # a personal account (contacts)
    PERSONAL_PHONE = 4  # a personal number (contacts)
    DISTRICT_PHONE = 5  # a district number that stands for the person (contacts)


@dataclass(frozen=True, slots=True)
class Account:
    """One address of a person, in canonical form."""

    address: str
    kind: AccountKind


@dataclass(frozen=True, slots=True)
class Org:
    """A school, a district or another organization. `parent` is the sourcedId of the org above, "" for none."""

    id: str
    name: str
    type: str
    parent: str


class Roster:
    """A `gateway.core.messages.parties.Directory` over one image. Immutable: a new roster is a new object.

    A row is the number of a person in the image.
    """

    def __init__(self, image: RosterImage) -> None:
        facts = image.facts
        self.image = image
        self.roster_at = 0.0
        self.personal_accounts = NO_PERSONAL_ACCOUNTS
        self._unknown_is_student = bool(facts.get("unknown_is_student", False))
        self._reads_guardians = bool(facts.get("reads_guardians", False))
        self.orgs: Mapping[str, Org] = {row[0]: Org(*row) for row in facts["orgs"]}
        self.max_removal: float = facts["max_removal"]  # what the import of this roster allowed
        self._buildings: list[tuple[str, ...]] = [tuple(buildings) for buildings in facts["buildings"]]
        self._aliases: dict[str, str] = facts["aliases"]
        self._student_domains = frozenset(facts["student_domains"])
        self._internal_domains = frozenset(facts["domains"]) | self._student_domains
        self._people = PackedTexts(image, "people")  # id, name, address, children
        self._role_bits, self._digests = image.raw("roles"), image.numbers("digests", "Q")
        self._org_sets = image.numbers("orgs", "I")
        self._addresses, self._kinds = PackedTexts(image, "accounts"), image.raw("kinds")
        self._first_account = image.numbers("owned", "I")  # where each person's accounts begin
        self._by_id, self._by_account, self._by_name = (
            HashIndex(image, f"by_{name}") for name in ("id", "account", "name")
        )
        self._groups = PackedTexts(image, "groups")
        self._group_rows, self._group_nested, self._group_strangers = (
            PackedLists(image, f"group_{name}") for name in ("rows", "nested", "strangers")
        )
        self._strangers, self._by_group = PackedTexts(image, "strangers"), HashIndex(image, "by_group")
        self._classes, self._enrolled = PackedTexts(image, "classes"), PackedLists(image, "enrolled")
        self._attending = PackedLists(image, "attending")
        self._served: Mapping[str, frozenset[str]] = {
            id_: frozenset(served) for id_, served in facts.get("special_staff", {}).items()
        }
        self._cache: dict[str, Person | None] = {}
        self._last_group: tuple[int, tuple[Person, ...]] = (-1, ())

    # the directory

    def person(self, address: str) -> Person | None:
        """See gateway.core.messages.parties.Directory."""
        cache = self._cache
        found = cache.get(address, _NOT_CACHED)
        if found is not _NOT_CACHED:
            return found
        if len(cache) >= _CACHED_ADDRESSES:
            cache.clear()
        row = self._by_account.first(address)  # most addresses are in canonical form already
        if row is None and (one_form := canonical_address(address, self._aliases)) != address:
            row = self._by_account.first(one_form)
        confirmed = self.personal_accounts.confirmed
        if confirmed and (id_ := confirmed.get(canonical_address(address, self._aliases))) is not None:
            row = self._by_id.first(id_) if self._by_id.first(id_) is not None else row
        if row is not None:
            found = None if row == SHARED_ADDRESS else self.at(row)
        elif one_form.rpartition("@")[2] in self._student_domains and self._by_group.first(one_form) is None:
            found = Person(one_form, "", _ROLES[ROLE_BITS[Role.STUDENT]], address=one_form)
        else:
            found = None
        cache[address] = found
        return found

    def members(self, address: str) -> tuple[Person, ...] | None:
        """See gateway.core.messages.parties.Directory."""
        if not self._groups:
            return None
        group = self._by_group.first(canonical_address(address, self._aliases))
        if group is None:
            return None
        last = self._last_group  # read once: other threads may replace it
        if last[0] != group:
            rows: dict[int, None] = {}
            strangers: dict[int, None] = {}
            for number in self._with_nested(group):
                rows |= dict.fromkeys(self._group_rows[number])
                strangers |= dict.fromkeys(self._group_strangers[number])
            unknown = (self.person(self._strangers[number]) for number in strangers)
            people = (*(self.at(row) for row in rows), *(person for person in unknown if person))
            last = self._last_group = group, people
        return last[1]

    def _with_nested(self, group: int) -> Iterator[int]:
        """The group and every group in it, each once, even when groups contain each other."""
        seen, waiting = {group}, [group]
        while waiting:
            number = waiting.pop()
            yield number
            for nested in self._group_nested[number]:
                if nested not in seen:
                    seen.add(nested)
                    waiting.append(nested)

    def namesakes(self, display_name: str) -> tuple[Person, ...]:
        """The staff and students whose name a display name shows: a full name, or a title and a rare surname."""
        full, titled = shown_keys(display_name)
        rows: dict[int, None] = {}
        for key in full:
            rows |= dict.fromkeys(self._by_name.every(key))
        for key in titled:
            staff = list(dict.fromkeys(self._by_name.every(key)))
            if len(staff) <= MAX_SAME_SURNAME:
                rows |= dict.fromkeys(staff)
        return tuple(self.at(row) for row in rows)

    def local_part_namesakes(self, local_part: str) -> Namesakes:
        """See gateway.core.messages.parties.Directory. People with a part of the name are staff."""
        keys = local_part_keys(local_part)
        full = dict.fromkeys(row for key in keys.full for row in self._by_name.every(key))
        partial = dict.fromkeys(row for key in keys.partial for row in self._by_name.every(key) if row not in full)
        if not (full or partial):
            return _NOBODY
        return Namesakes(tuple(map(self.at, full)), tuple(map(self.at, partial)))

    def unknown_student(self, address: str) -> Person | None:
        """See gateway.core.messages.parties.Directory."""
        if not self._unknown_is_student or not self.is_unknown_internal(address):
            return None
        one_form = canonical_address(address, self._aliases)
        return Person(one_form, "", _ROLES[ROLE_BITS[Role.STUDENT]], address=one_form)

    def is_unknown_internal(self, address: str) -> bool:
        """Whether a mail address is in a district domain, and neither a person's nor a group's."""
        return (
            "@" in address
            and self.is_internal(address)
            and self.members(address) is None
            and self._by_account.first(canonical_address(address, self._aliases)) is None
        )

    def is_refused(self, address: str, person_id: str) -> bool:
        """See gateway.core.messages.parties.Directory."""
        accounts = self.personal_accounts
        return bool(accounts.refused) and (canonical_address(address, self._aliases), person_id) in accounts.refused

    def is_organization(self, address: str) -> bool:
        """See gateway.core.messages.parties.Directory."""
        return self.personal_accounts.is_organization(canonical_address(address, self._aliases))

    def use_personal_accounts(self, accounts: PersonalAccounts) -> None:
        """Use what administrators have confirmed and refused."""
        self.personal_accounts = accounts
        self._cache = {}

    @property
    def reads_guardians(self) -> bool:
        """See gateway.core.messages.parties.Directory."""
        return self._reads_guardians

    def is_internal(self, address: str) -> bool:
        """See gateway.core.messages.parties.Directory."""
        one_form = canonical_address(address, self._aliases)
        _, at, domain = one_form.rpartition("@")
        if at:
            return domain in self._internal_domains
        account = self.account(one_form)
        return account is not None and account.kind is AccountKind.DISTRICT_PHONE

    # beyond the directory

    def __len__(self) -> int:
        """The number of people."""
        return len(self._people)

    def __iter__(self) -> Iterator[Person]:
        """Every person."""
        return (self.at(row) for row in range(len(self)))

    def by_id(self, id_: str) -> Person | None:
        """The person with a sourcedId."""
        row = self._by_id.first(id_)
        return None if row is None else self.at(row)

    def addresses_of(self, id_: str) -> tuple[str, ...]:
        """Every mail address and number of a person, including personal ones."""
        return tuple(account.address for account in self.accounts(id_))

    def building_name(self, id_: str) -> str:
        """The name of an org, or its sourcedId when the roster has no name."""
        org = self.orgs.get(id_)
        return org.name if org is not None and org.name else id_

    def organizations(self) -> Mapping[str, str]:
        """The names of all orgs by sourcedId."""
        return {org.id: org.name or org.id for org in self.orgs.values()}

    def buildings_of(self, id_: str) -> frozenset[str]:
        """The orgs that a person belongs to, and every org above them."""
        person = self.by_id(id_)
        waiting = list(person.buildings) if person is not None else []
        found: set[str] = set()
        while waiting:
            building = waiting.pop()
            if building not in found:
                found.add(building)
                if (org := self.orgs.get(building)) is not None and org.parent:
                    waiting.append(org.parent)
        return frozenset(found)

    def row_of_id(self, id_: str) -> int | None:
        """The row of the person with a sourcedId."""
        return self._by_id.first(id_)

    def row_of_address(self, address: str) -> int | None:
        """The row of the person with an address in canonical form."""
        row = self._by_account.first(address)
        return None if row == SHARED_ADDRESS else row

    def counts(self) -> dict[Role, int]:
        """The number of people of each role; one person may have several roles."""
        counts = bytes(self._role_bits)
        return {role: sum(counts.count(bits) for bits in _BITS if bits & bit) for role, bit in ROLE_BITS.items()}

    def accounts(self, id_: str) -> tuple[Account, ...]:
        """The addresses of a person; the first is the one that mail goes to."""
        row = self._by_id.first(id_)
        return () if row is None else tuple(dict.fromkeys(self._accounts_at(row)))

    def account(self, address: str) -> Account | None:
        """The known account with an address."""
        one_form = canonical_address(address, self._aliases)
        row = self.row_of_address(one_form)
        accounts = () if row is None else self._accounts_at(row)
        return max(
            (account for account in accounts if account.address == one_form), key=lambda account: account.kind,
            default=None,
        )  # fmt: skip

    def _accounts_at(self, row: int) -> Iterator[Account]:
        for number in range(self._first_account[row], self._first_account[row + 1]):
            yield Account(self._addresses[number], AccountKind(self._kinds[number]))

    def phone(self, id_: str) -> str | None:
        """The number to reach a person on: a personal one, else that of the roster; never a district number."""
        by_kind = {account.kind: account.address for account in reversed(self.accounts(id_))}
        return by_kind.get(AccountKind.PERSONAL_PHONE) or by_kind.get(AccountKind.PHONE)

    def groups_of(self, id_: str) -> tuple[str, ...]:
        """The addresses of the groups that a person is in, directly or nested. Goes through all groups."""
        row = self._by_id.first(id_)
        contains = [row in self._group_rows[group] for group in range(len(self._groups))]
        return tuple(
            self._groups[group]
            for group in range(len(self._groups))
            if row is not None and any(contains[number] for number in self._with_nested(group))
        )

    def group_of_both(self, one: str, other: str) -> str:
        """The name of the smallest group (a class, team or club) that two people are in, "" for none."""
        both = set(self.groups_of(one)) & set(self.groups_of(other))
        sizes = ((len(self.members(group) or ()), group) for group in both)
        return min(sizes, default=(0, ""))[1].partition("@")[0]

    def classes_of_both(self, one: str, other: str) -> tuple[str, ...]:
        """The names of the classes that two people are enrolled in, in any role."""
        rows = self._by_id.first(one), self._by_id.first(other)
        if rows[0] is None or rows[1] is None:
            return ()
        both = sorted(set(self._enrolled[rows[0]]) & set(self._enrolled[rows[1]]))
        return tuple(dict.fromkeys(self._classes[number] for number in both))

    def at(self, row: int) -> Person:
        """The person of a row."""
        texts = self._people[row].split(SEPARATOR)
        children = frozenset(texts[3:]) if len(texts) > 3 else _NO_CHILDREN
        roles, buildings = _ROLES[self._role_bits[row]], self._buildings[self._org_sets[row]]
        return Person(texts[0], texts[1], roles, buildings, children, texts[2])

    def administers(self, row: int) -> bool:
        """Whether a person administers their buildings."""
        return bool(self._role_bits[row] & ADMINISTRATOR_BIT)

    def counsels(self, row: int) -> bool:
        """Whether a person is a counselor of the students of their buildings."""
        return bool(self._role_bits[row] & COUNSELOR_BIT)

    def served_by(self, id_: str) -> frozenset[str]:
        """The students and orgs (sourcedIds) that a person of the table of special staff serves."""
        return self._served.get(id_, _NO_CHILDREN)

    def classes_at(self, row: int) -> frozenset[int]:
        """The numbers of the classes that a person is enrolled in."""
        return frozenset(self._enrolled[row])

    def attending(self, number: int) -> Sequence[int]:
        """The rows of the people in a class."""
        return self._attending[number]

    def rows_named(self, key: str) -> list[int]:
        """The rows of the people with a key of `name_keys`, at most HashIndexBuilder.MAX_PER_KEY."""
        return self._by_name.every(key)

    def resolve_names(self, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
        """See gateway.directory.name_resolution.resolve_names."""
        return resolve_names(self, names, near)

    def relationships_to(self, recipient: str, about: str) -> Iterator[tuple[str, frozenset[Relationship]]]:
        """See gateway.directory.relationships.relationships_to."""
        return relationships_to(self, recipient, about)

    def digests(self) -> Iterator[tuple[str, int, int]]:
        """The sourcedId, role bits and digest of every person; the digest changes whenever the person does."""
        ids = (person.partition(SEPARATOR)[0] for person in self._people)
        return zip(ids, self._role_bits, self._digests, strict=True)
