"""The roster in memory: who is behind an address, who is in a group, whose name is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from gateway.core.identity import canonical
from gateway.core.parties import Person, Role
from gateway.directory.names import shown_keys
from gateway.directory.packed import Image, Index, Runs, Texts

NOBODY = 0xFFFFFFFF
"""The account of an address that too many people share for it to say who it is."""

APART = "\x1f"
"""What stands between the texts of one person."""

TITLED = 3
"""A title with a surname shows somebody only where no more staff than this have that surname."""

ROLE_BITS = {Role.STAFF: 1, Role.STUDENT: 2, Role.GUARDIAN: 4}
_GUARDIAN = ROLE_BITS[Role.GUARDIAN]
_ROLES = tuple(frozenset(role for role, bit in ROLE_BITS.items() if bits & bit) for bits in range(8))
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
    """A `gateway.core.parties.Directory` over one image. Never changes: a new roster is a new object."""

    def __init__(self, image: Image) -> None:
        facts = image.facts
        self.image = image
        self.orgs: Mapping[str, Org] = {row[0]: Org(*row) for row in facts["orgs"]}
        self.max_removal: float = facts["max_removal"]  # what the import of this roster allowed
        self._buildings: list[tuple[str, ...]] = [tuple(each) for each in facts["buildings"]]
        self._aliases: dict[str, str] = facts["aliases"]
        self._student_domains = frozenset(facts["student_domains"])
        self._internal = frozenset(facts["domains"]) | self._student_domains
        self._persons = Texts(image, "people")  # id, name and address
        self._roles, self._digests = image.raw("roles"), image.numbers("digests", "Q")
        self._orgs = image.numbers("orgs", "I")
        self._children = Runs(image, "children")
        self._addresses, self._owners = Texts(image, "accounts"), image.numbers("owners", "I")
        self._owned, self._kinds = image.numbers("owned", "I"), image.raw("kinds")
        self._by_id, self._by_account, self._by_name = (
            Index(image, f"by_{each}") for each in ("id", "account", "name")
        )
        self._groups = Texts(image, "groups")
        self._group_rows, self._group_nested, self._group_strangers = (
            Runs(image, f"group_{each}") for each in ("rows", "nested", "strangers")
        )
        self._strangers, self._by_group = Texts(image, "strangers"), Index(image, "by_group")
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
        account = self._by_account.first(address)  # most addresses come in their one form
        if account is None and (one_form := canonical(address, self._aliases)) != address:
            account = self._by_account.first(one_form)
        if account is not None:
            found = None if account == NOBODY else self._of(self._owners[account])
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
        if self._last_group[0] != group:
            rows: dict[int, None] = {}
            strangers: dict[int, None] = {}
            for each in self._opened(group):
                rows |= dict.fromkeys(self._group_rows[each])
                strangers |= dict.fromkeys(self._group_strangers[each])
            unknown = (self.person(self._strangers[each]) for each in strangers)
            self._last_group = group, (*(self._of(row) for row in rows), *(each for each in unknown if each))
        return self._last_group[1]

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
        address = canonical(address, self._aliases)
        _, at, domain = address.rpartition("@")
        if at:
            return domain in self._internal
        account = self._by_account.first(address)
        return account not in (None, NOBODY) and self._kinds[account] == AccountKind.DISTRICT_PHONE

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

    def row_of_id(self, id_: str) -> int | None:
        """Where the person of a sourcedId is."""
        return self._by_id.first(id_)

    def row(self, address: str) -> int | None:
        """Where the person is whose account an address, in canonical form, is."""
        account = self._by_account.first(address)
        return None if account in (None, NOBODY) else self._owners[account]

    def counts(self) -> dict[Role, int]:
        """How many people have each role; one person may have several."""
        bits = bytes(self._roles)
        return {role: sum(bits.count(each) for each in range(8) if each & bit) for role, bit in ROLE_BITS.items()}

    def accounts(self, id_: str) -> tuple[Account, ...]:
        """The addresses of a person; the one that mail goes to comes first."""
        row = self._by_id.first(id_)
        if row is None:
            return ()
        found = (
            Account(self._addresses[each], AccountKind(self._kinds[each]))
            for each in range(self._owned[row], self._owned[row + 1])
        )
        return tuple(dict.fromkeys(found))

    def account(self, address: str) -> Account | None:
        """The known account that an address is."""
        account = self._by_account.first(canonical(address, self._aliases))
        if account in (None, NOBODY):
            return None
        return Account(self._addresses[account], AccountKind(self._kinds[account]))

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

    def digests(self) -> Iterator[tuple[str, int, int]]:
        """The sourcedId, role bits and digest of every person: a changed digest is a changed person."""
        return zip((person.partition(APART)[0] for person in self._persons), self._roles, self._digests, strict=True)

    def _of(self, row: int) -> Person:
        id_, name, address = self._persons[row].split(APART)
        bits = self._roles[row]
        children = _NO_CHILDREN
        if bits & _GUARDIAN:
            children = frozenset([self._persons[each].partition(APART)[0] for each in self._children[row]])
        return Person(id_, name, _ROLES[bits], self._buildings[self._orgs[row]], children, address)
