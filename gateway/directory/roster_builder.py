"""Builds a roster image: collects people row by row, assigns shared addresses, finds children, packs everything."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple
from hashlib import blake2b
from itertools import accumulate

from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.parties import Role
from gateway.directory.class_lists import ClassesBuilder
from gateway.directory.names.name_keys import person_keys, staff_keys
from gateway.directory.roster import ROLE_BITS, SEPARATOR, SHARED_ADDRESS, AccountKind, Org, Roster
from gateway.directory.roster_image import (
    Buffer,
    HashIndexBuilder,
    HashTable,
    PackedTextsBuilder,
    RosterImage,
    hash64,
    pack_lists,
)
from gateway.directory.validation import RosterWarnings

STAFF, STUDENT, GUARDIAN = (ROLE_BITS[role] for role in (Role.STAFF, Role.STUDENT, Role.GUARDIAN))

MAX_PHONE_OWNERS = 8
"""A number that more people have than this is a switchboard or a placeholder: it identifies nobody."""

MAX_CHILDREN = 12
"""A staff member who is the agent of more students than this is their counselor, not their parent."""

_EXPLICIT = frozenset({AccountKind.PERSONAL_MAIL, AccountKind.PERSONAL_PHONE, AccountKind.DISTRICT_PHONE})


class RosterBuilder:
    """A roster being built. A row is the number of a person. `file` and `lines` are for warnings only."""

    def __init__(
        self, aliases: Mapping[str, str], file: str, warnings: RosterWarnings, max_removal: float = 0.0
    ) -> None:
        self.aliases = aliases
        self.max_removal = max_removal
        self.file = file
        self.warnings = warnings
        self.orgs: dict[str, Org] = {}
        self.rows: dict[str, int] = {}
        self.roles = bytearray()
        self.lines = array("I")
        self.agents: dict[int, str] = {}
        self.classes = ClassesBuilder()
        self._children: dict[int, list[int]] = {}
        self._people = PackedTextsBuilder()
        self._names = HashIndexBuilder()
        self._indexed = bytearray()
        self._org_set_of = array("I")
        self._org_set_numbers: dict[tuple[str, ...], int] = {(): 0}
        self._org_sets: list[tuple[str, ...]] = [()]
        self._accounts = PackedTextsBuilder()
        self._hashes = array("Q")
        self._owners = array("I")
        self._kinds = bytearray()
        self._ends = array("I")

    def row_of(self, id_: str, line: int) -> tuple[int, bool]:
        """The row of a sourcedId, made when new, and whether it is new. Call `add_person` for a new one."""
        row = self.rows.setdefault(id_, len(self.roles))
        if row < len(self.roles):
            return row, False
        self.roles.append(0)
        self.lines.append(line)
        self._indexed.append(0)
        self._org_set_of.append(0)
        return row, True

    def add_person(self, id_: str, shown: str, address: str) -> None:
        """Set the display name and the mail address ("" for none) of the newest person."""
        self._people.add(f"{id_}{SEPARATOR}{' '.join(shown.split())}{SEPARATOR}{address}")

    def index_names(self, row: int, names: Sequence[tuple[str, str, str]]) -> None:
        """Index staff and students under their names (given, middle, family), and staff under parts of a name too."""
        bits, done = self.roles[row], self._indexed[row]
        if bits & (STAFF | STUDENT) and not done & 1:
            for key in dict.fromkeys(key for name in names for key in person_keys(*name)):
                self._names.add(hash64(key), row)
            done |= 1
        if bits & STAFF and not done & 2:
            for key in dict.fromkeys(key for name in names for key in staff_keys(*name)):
                self._names.add(hash64(key), row)
            done |= 2
        self._indexed[row] = done

    def org_set(self, orgs: Collection[str], also: int = 0) -> int:
        """The number of the union of some orgs and the set with the number `also`."""
        joined = tuple(dict.fromkeys([*self._org_sets[also], *orgs]))
        number = self._org_set_numbers.get(joined)
        if number is None:
            number = self._org_set_numbers[joined] = len(self._org_sets)
            self._org_sets.append(joined)
        return number

    def add_orgs(self, row: int, org_set: int) -> None:
        """Add a set of orgs to those of a person."""
        own = self._org_set_of[row]
        if own != org_set:
            self._org_set_of[row] = org_set if not own else self.org_set(self._org_sets[org_set], own)

    def orgs_of(self, row: int) -> tuple[str, ...]:
        """The orgs of a person so far."""
        return self._org_sets[self._org_set_of[row]]

    def add_account(self, row: int, address: str, kind: AccountKind) -> None:
        """Add an address of a person, in canonical form."""
        self._accounts.add(address)
        self._hashes.append(hash64(address))
        self._owners.append(row)
        self._kinds.append(kind)

    def has_addresses(self) -> bool:
        """Whether anybody has an address."""
        return bool(self._owners)

    def assign_guardians(self) -> None:
        """Find out from the agents who is whose guardian."""
        roles = self.roles
        for row, cell in self.agents.items():
            for agent in cell.split(","):
                other = self.rows.get(agent.strip())
                if other is None:
                    self._warn(row, "agentSourcedIds", "names nobody in this file", "export the guardians as users too")
                elif roles[row] & STUDENT and not roles[other] & STUDENT:
                    self._children.setdefault(other, []).append(row)
                elif roles[row] & GUARDIAN and roles[other] & STUDENT and not roles[row] & STUDENT:
                    self._children.setdefault(row, []).append(other)
                elif roles[other] & STUDENT:
                    what = "a student is the agent of somebody who is not a guardian"
                    self._warn(row, "agentSourcedIds", what, "name the guardians in the students' agentSourcedIds")
        for row, children in list(self._children.items()):
            if roles[row] & STAFF and not roles[row] & GUARDIAN and len(set(children)) > MAX_CHILDREN:
                what = f"is the agent of more than {MAX_CHILDREN} students; none of them counts as an own child"
                self._warn(row, "agentSourcedIds", what, "list only guardians as agents, or give this person the role")
                del self._children[row]
            else:
                roles[row] |= GUARDIAN
        self.agents.clear()

    def build(
        self, domains: Sequence[str], student_domains: Sequence[str], *, unknown_is_student: bool = False,
        reads_guardians: bool = False, special_staff: Mapping[str, Sequence[str]] | None = None,
    ) -> RosterImage:  # fmt: skip
        """The image, without groups."""
        facts = {
            "domains": list(domains),
            "student_domains": list(student_domains),
            "unknown_is_student": unknown_is_student,
            "reads_guardians": reads_guardians,
            "special_staff": dict(special_staff or {}),
            "aliases": dict(self.aliases),
            "orgs": [astuple(org) for org in self.orgs.values()],
            "buildings": self._org_sets,
            "max_removal": self.max_removal,
        }
        self._people = self._with_children()
        by_id = HashIndexBuilder()
        for row, id_ in enumerate(self.rows):
            by_id.add(hash64(id_), row)
        sections: dict[str, Buffer] = {
            **self._people.sections("people"),
            **by_id.sections("by_id"),
            **self._names.sections("by_name"),
            "roles": self.roles,
            "orgs": self._org_set_of,
            **self._account_sections(),
            "digests": self._digests(),
            **self.classes.sections(len(self.roles)),
            **empty_group_sections(),
        }
        return RosterImage(facts, sections)

    def _account_sections(self) -> dict[str, Buffer]:
        """The accounts by owner. A shared address is looked up as the one person with the best rank."""
        self._sort_accounts()
        owners, kinds = self._owners, self._kinds
        by_rank: list[array[int]] = [array("I") for _ in range(12)]
        for number, owner in enumerate(owners):
            by_rank[self._rank(owner, kinds[number])].append(number)
        index = HashIndexBuilder()
        for numbers in by_rank:
            for number in numbers:
                index.add(self._hashes[number], number)
        shared: dict[int, tuple[int, int]] = {}  # by hash: the account that counts, and the number of others

        def on_duplicate(hash_: int, first: int, later: int) -> None:
            if owners[first] != owners[later]:
                shared[hash_] = first, shared.get(hash_, (first, 0))[1] + 1
                self._warn_shared(first, later)

        built = index.build(on_duplicate)
        table = HashTable(built.keys, array("I", map(owners.__getitem__, built.values)) if owners else built.values)
        for hash_, (number, others) in shared.items():
            if others >= MAX_PHONE_OWNERS and kinds[number] == AccountKind.PHONE:
                table.replace(hash_, SHARED_ADDRESS)
                what = f"more than {MAX_PHONE_OWNERS} people have this number; it identifies none of them"
                self._warn(owners[number], "phone", what, "leave switchboards and placeholders out")
        return {
            **table.sections("by_account"),
            **self._accounts.sections("accounts"),
            "kinds": kinds,
            "owned": self._ends,
        }

    def _with_children(self) -> PackedTextsBuilder:
        """The texts of the people, each followed by the sourcedIds of their children."""
        ids, people = list(self.rows), PackedTextsBuilder()
        for row in range(len(ids)):
            children = sorted({ids[child] for child in self._children.get(row, ())})
            people.add(SEPARATOR.join([self._people[row], *children]) if children else self._people[row])
        return people

    def _sort_accounts(self) -> None:
        """Sort the accounts by owner; they nearly are."""
        order = sorted(range(len(self._owners)), key=self._owners.__getitem__)
        if any(number != position for position, number in enumerate(order)):
            texts = PackedTextsBuilder()
            for number in order:
                texts.add(self._accounts[number])
            self._accounts = texts
            self._hashes = array("Q", map(self._hashes.__getitem__, order))
            self._owners = array("I", map(self._owners.__getitem__, order))
            self._kinds = bytearray(map(self._kinds.__getitem__, order))
        counts = Counter(self._owners)
        self._ends = array("I", accumulate((counts[row] for row in range(len(self.roles))), initial=0))

    def _rank(self, row: int, kind: int) -> int:
        """The rank of an owner for a shared address: contacts first, then by column, then staff before students."""
        bits = self.roles[row]
        by_role = 0 if bits & STAFF else 1 if bits & STUDENT else 2
        return by_role if kind in _EXPLICIT else 3 * (1 + kind) + by_role

    def _warn_shared(self, one: int, other: int) -> None:
        """Warn that two people have one address. Perhaps they are one person: only the district knows."""
        first, second = self._owners[one], self._owners[other]
        bits = self.roles[first], self.roles[second]
        column = "email" if self._kinds[other] in (AccountKind.OWN, AccountKind.SECOND) else "phone"
        if bits[0] & STAFF and bits[1] & GUARDIAN and not bits[1] & STAFF:
            self.warn_same_person(first, second, column)
        elif not (bits[0] & STUDENT and bits[1] & GUARDIAN) and not (bits[0] == bits[1] == GUARDIAN):
            what = "belongs to somebody else too; it identifies one of them, staff before students"
            self._warn(second, column, what, "give each person their own address")

    def warn_same_person(self, staff: int, guardian: int, column: str) -> None:
        """Warn that a staff member and a guardian may be one person. Nothing else follows from it."""
        what = (
            f"a guardian has the same {column} as the staff member of line {self.lines[staff]}; they may be one person"
        )
        hint = "if so, list the staff member's sourcedId in the agentSourcedIds of their children"
        self._warn(guardian, column, what, hint)

    def _warn(self, row: int, column: str, what: str, hint: str) -> None:
        self.warnings.add(self.file, self.lines[row], column, what, hint)

    def _digests(self) -> array[int]:
        """A number per person that changes when anything about the person does."""
        digests, hashes, ends = array("Q"), self._hashes, self._ends
        orgs = [repr(org_set).encode() for org_set in self._org_sets]
        for row, bits in enumerate(self.roles):
            start, end = ends[row], ends[row + 1]
            known = blake2b(self._people.raw(row) + orgs[self._org_set_of[row]], digest_size=8)
            known.update(bytes((0, bits)) + self._kinds[start:end] + hashes[start:end].tobytes())
            digests.frombytes(known.digest())
        return digests


def empty_group_sections() -> dict[str, Buffer]:
    """The sections of a roster that has no groups."""
    empty = {
        name: section
        for kind in ("rows", "nested", "strangers")
        for name, section in pack_lists((), f"group_{kind}").items()
    }
    return {
        **PackedTextsBuilder().sections("groups"),
        **PackedTextsBuilder().sections("strangers"),
        **HashIndexBuilder().sections("by_group"),
        **empty,
    }


def add_groups(
    image: RosterImage, members: Mapping[str, Sequence[tuple[int, str]]], file: str, warnings: RosterWarnings
) -> RosterImage:
    """Add groups to an image. `members` has, for each group address, the lines and members of its list, as written."""
    roster = Roster(image)
    aliases: Mapping[str, str] = image.facts["aliases"]
    groups = {address: number for number, address in enumerate(members)}
    texts, strangers, by_group = PackedTextsBuilder(), PackedTextsBuilder(), HashIndexBuilder()
    rows: list[set[int]] = []
    nested: list[set[int]] = []
    unknown: list[set[int]] = []
    for number, (address, listed) in enumerate(members.items()):
        texts.add(address)
        by_group.add(hash64(address), number)
        behind: set[int] = set()
        inner: set[int] = set()
        others: set[int] = set()
        if listed and (own := roster.row_of_address(address)) is not None:
            what = "a group has the address of a person; that person is a member too"
            warnings.add(file, listed[0][0], "address", what, "give the group its own address")
            behind.add(own)
        for line, written in listed:
            member = canonical_address(written, aliases)
            if (row := roster.row_of_id(written)) is not None:
                behind.add(row)
            elif member in groups:
                inner.add(groups[member])
            elif (row := roster.row_of_address(member)) is not None:
                behind.add(row)
            elif roster.person(member) is not None:
                others.add(len(strangers))
                strangers.add(member)
            elif "@" not in member or roster.is_internal(member):
                what = "a member is neither a person of the roster nor a group"
                warnings.add(file, line, "member", what, "write a sourcedId or an address of the roster")
        rows.append(behind)
        nested.append(inner)
        unknown.append(others)
    return image.with_sections(
        {
            **texts.sections("groups"),
            **strangers.sections("strangers"),
            **by_group.sections("by_group"),
            **pack_lists((sorted(numbers) for numbers in rows), "group_rows"),
            **pack_lists((sorted(numbers) for numbers in nested), "group_nested"),
            **pack_lists((sorted(numbers) for numbers in unknown), "group_strangers"),
        }
    )
