"""Building a roster image: people gathered row by row, accounts settled, children found, everything packed."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple
from hashlib import blake2b
from itertools import accumulate

from gateway.core.messages.addresses import canonical
from gateway.core.messages.parties import Role
from gateway.directory.classes import Classes
from gateway.directory.names import person_keys, title_keys
from gateway.directory.packed import Buffer, Image, IndexBuilder, Table, TextsBuilder, hash64, runs
from gateway.directory.roster import APART, NOBODY, ROLE_BITS, AccountKind, Org, Roster
from gateway.directory.validation import RosterWarnings

STAFF, STUDENT, GUARDIAN = (ROLE_BITS[role] for role in (Role.STAFF, Role.STUDENT, Role.GUARDIAN))

SHARED_PHONE = 8
"""A number that more people give than this is a switchboard or a filler: it says nobody."""

MOST_CHILDREN = 12
"""A staff member who is named as agent of more students than this is their counsellor and not their parent."""

_EXPLICIT = frozenset({AccountKind.PERSONAL_MAIL, AccountKind.PERSONAL_PHONE, AccountKind.DISTRICT_PHONE})


class Building:
    """A roster on its way. `file` and the lines of people are for the oddities only."""

    def __init__(
        self, aliases: Mapping[str, str], file: str, oddities: RosterWarnings, max_removal: float = 0.0
    ) -> None:
        self.aliases = aliases
        self.max_removal = max_removal
        self.file = file
        self.oddities = oddities
        self.orgs: dict[str, Org] = {}
        self.rows: dict[str, int] = {}
        self.roles = bytearray()
        self.lines = array("I")
        self.agents: dict[int, str] = {}
        self.classes = Classes()
        self._children: dict[int, list[int]] = {}
        self._people = TextsBuilder()
        self._names = IndexBuilder()
        self._named = bytearray()
        self._orgs = array("I")
        self._orgsets: dict[tuple[str, ...], int] = {(): 0}
        self._orgset_list: list[tuple[str, ...]] = [()]
        self._accounts = TextsBuilder()
        self._hashes = array("Q")
        self._owners = array("I")
        self._kinds = bytearray()
        self._ends = array("I")

    def person(self, id_: str, line: int) -> tuple[int, bool]:
        """The row of a sourcedId, and whether it is new."""
        row = self.rows.setdefault(id_, len(self.roles))
        if row < len(self.roles):
            return row, False
        self.roles.append(0)
        self.lines.append(line)
        self._named.append(0)
        self._orgs.append(0)
        return row, True

    def named(self, id_: str, shown: str, address: str) -> None:
        """How a new person is shown, and the mail address that is theirs, if any; rows come in order."""
        self._people.add(f"{id_}{APART}{' '.join(shown.split())}{APART}{address}")

    def findable(self, row: int, names: Sequence[tuple[str, str, str]]) -> None:
        """Make staff and students found by their names (given, middle, family), and staff by title and surname too."""
        bits, done = self.roles[row], self._named[row]
        if bits & (STAFF | STUDENT) and not done & 1:
            for key in dict.fromkeys(key for name in names for key in person_keys(*name)):
                self._names.add(hash64(key), row)
            done |= 1
        if bits & STAFF and not done & 2:
            for key in dict.fromkeys(key for _, _, family in names for key in title_keys(family)):
                self._names.add(hash64(key), row)
            done |= 2
        self._named[row] = done

    def orgset(self, orgs: Collection[str], also: int = 0) -> int:
        """The number of a set of orgs, joined to the set of another number."""
        joined = tuple(dict.fromkeys([*self._orgset_list[also], *orgs]))
        number = self._orgsets.get(joined)
        if number is None:
            number = self._orgsets[joined] = len(self._orgset_list)
            self._orgset_list.append(joined)
        return number

    def belongs(self, row: int, orgset: int) -> None:
        """Join a set of orgs to those of a person."""
        mine = self._orgs[row]
        if mine != orgset:
            self._orgs[row] = orgset if not mine else self.orgset(self._orgset_list[orgset], mine)

    def orgs_of(self, row: int) -> tuple[str, ...]:
        """The orgs of a person so far."""
        return self._orgset_list[self._orgs[row]]

    def account(self, row: int, address: str, kind: AccountKind) -> None:
        """An address of a person, in canonical form."""
        self._accounts.add(address)
        self._hashes.append(hash64(address))
        self._owners.append(row)
        self._kinds.append(kind)

    def reachable(self) -> bool:
        """Whether anybody has an address."""
        return bool(self._owners)

    def related(self) -> None:
        """Settle who is whose guardian from what was read as agents."""
        roles = self.roles
        for row, cell in self.agents.items():
            for agent in cell.split(","):
                other = self.rows.get(agent.strip())
                if other is None:
                    self._note(row, "agentSourcedIds", "names nobody of this file", "export the guardians as users too")
                elif roles[row] & STUDENT and not roles[other] & STUDENT:
                    self._children.setdefault(other, []).append(row)
                elif roles[row] & GUARDIAN and roles[other] & STUDENT and not roles[row] & STUDENT:
                    self._children.setdefault(row, []).append(other)
                elif roles[other] & STUDENT:
                    what = "a student is named as agent of somebody who is no guardian"
                    self._note(row, "agentSourcedIds", what, "name the guardians in the students' agentSourcedIds")
        for row, children in list(self._children.items()):
            if roles[row] & STAFF and not roles[row] & GUARDIAN and len(set(children)) > MOST_CHILDREN:
                what = f"is named as agent by more than {MOST_CHILDREN} students; none counts as an own child"
                self._note(row, "agentSourcedIds", what, "name only guardians as agents, or give this person that role")
                del self._children[row]
            else:
                roles[row] |= GUARDIAN
        self.agents.clear()

    def finished(self, domains: Sequence[str], student_domains: Sequence[str]) -> Image:
        """The image without groups."""
        facts = {
            "domains": list(domains),
            "student_domains": list(student_domains),
            "aliases": dict(self.aliases),
            "orgs": [astuple(org) for org in self.orgs.values()],
            "buildings": self._orgset_list,
            "max_removal": self.max_removal,
        }
        self._people = self._with_children()
        by_id = IndexBuilder()
        for row, id_ in enumerate(self.rows):
            by_id.add(hash64(id_), row)
        sections: dict[str, Buffer] = {
            **self._people.sections("people"),
            **by_id.sections("by_id"),
            **self._names.sections("by_name"),
            "roles": self.roles,
            "orgs": self._orgs,
            **self._settled_accounts(),
            "digests": self._digests(),
            **self.classes.sections(len(self.roles)),
            **no_groups(),
        }
        return Image(facts, sections)

    def _settled_accounts(self) -> dict[str, Buffer]:
        """The accounts by owner, each address with the one person for whom it counts."""
        self._sort_accounts()
        owners, kinds = self._owners, self._kinds
        ranks: list[array[int]] = [array("I") for _ in range(12)]
        for number, owner in enumerate(owners):
            ranks[self._rank(owner, kinds[number])].append(number)
        index = IndexBuilder()
        for rank in ranks:
            for number in rank:
                index.add(self._hashes[number], number)
        shared: dict[int, tuple[int, int]] = {}  # by hash: the account that counts, and how many others there are

        def clash(hash_: int, first: int, later: int) -> None:
            if owners[first] != owners[later]:
                shared[hash_] = first, shared.get(hash_, (first, 0))[1] + 1
                self._shared(first, later)

        found = index.laid(clash)
        table = Table(found.keys, array("I", map(owners.__getitem__, found.values)) if owners else found.values)
        for hash_, (number, others) in shared.items():
            if others >= SHARED_PHONE and kinds[number] == AccountKind.PHONE:
                table.replace(hash_, NOBODY)
                what = f"more than {SHARED_PHONE} people have this number; it counts for none of them"
                self._note(owners[number], "phone", what, "leave switchboards and fillers out of the people's numbers")
        return {
            **table.sections("by_account"),
            **self._accounts.sections("accounts"),
            "kinds": kinds,
            "owned": self._ends,
        }

    def _with_children(self) -> TextsBuilder:
        """The texts of the people, each followed by the sourcedIds of the children."""
        ids, people = list(self.rows), TextsBuilder()
        for row in range(len(ids)):
            children = sorted({ids[child] for child in self._children.get(row, ())})
            people.add(APART.join([self._people[row], *children]) if children else self._people[row])
        return people

    def _sort_accounts(self) -> None:
        """Bring the accounts into the order of their owners; they nearly are."""
        order = sorted(range(len(self._owners)), key=self._owners.__getitem__)
        if any(number != each for number, each in enumerate(order)):
            texts = TextsBuilder()
            for each in order:
                texts.add(self._accounts[each])
            self._accounts = texts
            self._hashes = array("Q", map(self._hashes.__getitem__, order))
            self._owners = array("I", map(self._owners.__getitem__, order))
            self._kinds = bytearray(map(self._kinds.__getitem__, order))
        counts = Counter(self._owners)
        self._ends = array("I", accumulate((counts[row] for row in range(len(self.roles))), initial=0))

    def _rank(self, row: int, kind: int) -> int:
        """For whom a shared address counts: whom contacts name, then by column, then staff before students."""
        bits = self.roles[row]
        by_role = 0 if bits & STAFF else 1 if bits & STUDENT else 2
        return by_role if kind in _EXPLICIT else 3 * (1 + kind) + by_role

    def _shared(self, one: int, other: int) -> None:
        """Two people have one address: perhaps one person twice, which only the district can say."""
        first, second = self._owners[one], self._owners[other]
        bits = self.roles[first], self.roles[second]
        column = "email" if self._kinds[other] in (AccountKind.OWN, AccountKind.SECOND) else "phone"
        if bits[0] & STAFF and bits[1] & GUARDIAN and not bits[1] & STAFF:
            self.perhaps_one_person(first, second, column)
        elif not (bits[0] & STUDENT and bits[1] & GUARDIAN) and not (bits[0] == bits[1] == GUARDIAN):
            what = "is somebody else's too; it counts for one of them, staff before students"
            self._note(second, column, what, "give each person an address of their own")

    def perhaps_one_person(self, staff: int, guardian: int, column: str) -> None:
        """Propose that a staff member and a guardian are one person; nothing follows from it by itself."""
        what = f"a guardian has the same {column} as the staff member of line {self.lines[staff]}; perhaps one person"
        mend = "if so, name the staff member's sourcedId in the agentSourcedIds of their children"
        self._note(guardian, column, what, mend)

    def _note(self, row: int, column: str, what: str, mend: str) -> None:
        self.oddities.note(self.file, self.lines[row], column, what, mend)

    def _digests(self) -> array[int]:
        """For each person a number that changes when anything known of them does."""
        digests, hashes, ends = array("Q"), self._hashes, self._ends
        orgs = [repr(each).encode() for each in self._orgset_list]
        for row, bits in enumerate(self.roles):
            start, end = ends[row], ends[row + 1]
            known = blake2b(self._people.raw(row) + orgs[self._orgs[row]], digest_size=8)
            known.update(bytes((0, bits)) + self._kinds[start:end] + hashes[start:end].tobytes())
            digests.frombytes(known.digest())
        return digests


def no_groups() -> dict[str, Buffer]:
    """The sections of a roster without groups."""
    empty = {name: each for kind in ("rows", "nested", "strangers") for name, each in runs((), f"group_{kind}").items()}
    return {
        **TextsBuilder().sections("groups"),
        **TextsBuilder().sections("strangers"),
        **IndexBuilder().sections("by_group"),
        **empty,
    }


def with_groups(
    image: Image, members: Mapping[str, Sequence[tuple[int, str]]], file: str, oddities: RosterWarnings
) -> Image:
    """The image with its groups: for each group address the lines and members of its list, all as written."""
    roster = Roster(image)
    aliases: Mapping[str, str] = image.facts["aliases"]
    groups = {address: number for number, address in enumerate(members)}
    texts, strangers, by_group = TextsBuilder(), TextsBuilder(), IndexBuilder()
    rows: list[set[int]] = []
    nested: list[set[int]] = []
    unknown: list[set[int]] = []
    for number, (address, listed) in enumerate(members.items()):
        texts.add(address)
        by_group.add(hash64(address), number)
        behind: set[int] = set()
        inner: set[int] = set()
        others: set[int] = set()
        if listed and (own := roster.row(address)) is not None:
            what = "a group has a person's own address; that person is a member too"
            oddities.note(file, listed[0][0], "address", what, "give the list an address of its own")
            behind.add(own)
        for line, written in listed:
            member = canonical(written, aliases)
            if (row := roster.row_of_id(written)) is not None:
                behind.add(row)
            elif member in groups:
                inner.add(groups[member])
            elif (row := roster.row(member)) is not None:
                behind.add(row)
            elif roster.person(member) is not None:
                others.add(len(strangers))
                strangers.add(member)
            elif "@" not in member or roster.is_internal(member):
                what = "a member is neither a person of the roster nor a group"
                oddities.note(file, line, "member", what, "write a sourcedId or an address of the roster")
        rows.append(behind)
        nested.append(inner)
        unknown.append(others)
    return image.with_sections(
        {
            **texts.sections("groups"),
            **strangers.sections("strangers"),
            **by_group.sections("by_group"),
            **runs((sorted(each) for each in rows), "group_rows"),
            **runs((sorted(each) for each in nested), "group_nested"),
            **runs((sorted(each) for each in unknown), "group_strangers"),
        }
    )
