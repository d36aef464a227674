"""OneRoster 1.1 and 1.2 (CSV) read into a roster on its way: orgs, roles, profiles, people, their guardians."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product

from gateway.core.messages.addresses import canonical
from gateway.directory.building import GUARDIAN, STAFF, STUDENT, Building
from gateway.directory.roster import APART, LEADS, AccountKind, Org
from gateway.directory.tables import Folder
from gateway.directory.validation import RosterError, RosterWarnings

TABLES = ("orgs", "users", "roles", "userProfiles", "classes", "enrollments")
"""The tables of a roster that are kept."""

BULK, DELTA, ABSENT = "bulk", "delta", "absent"
MAX_REMOVAL = "chaperone.max_removal"
"""Our own property of the manifest of an imported set."""

_ROLES = {
    **dict.fromkeys("aide counselor proctor systemadministrator teacher staff".split(), STAFF),
    **dict.fromkeys(
        "administrator districtadministrator principal schooladministrator siteadministrator".split(), STAFF | LEADS
    ),
    **dict.fromkeys("guardian parent relative".split(), GUARDIAN),
    "student": STUDENT,
}
_BITS = 4  # of roles; above them the number of a set of orgs
_ALL = (1 << _BITS) - 1
_SCHOOL = "school"
_SHARE = re.compile(r"0(\.[0-9]+)?|1(\.0+)?")
_GONE = frozenset({"tobedeleted", "inactive"})
_GRACE = timedelta(days=1)  # dates are the district's, `now` is UTC: a role counts a day longer rather than shorter

_USER = (
    "sourcedId status orgSourcedIds role username givenName middleName familyName email sms phone agentSourcedIds"
    " userMasterIdentifier preferredGivenName preferredFamilyName primaryOrgSourcedId"
).split()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a set of tables says of itself: the OneRoster version, and for each table bulk, delta or absent.

    `max_removal` is the share of the people that whoever imported the set has allowed it to remove.
    """

    version: str
    modes: Mapping[str, str]
    max_removal: float = 0.0


def manifest(folder: Folder) -> Manifest:
    """The manifest; where there is none, or it is silent, the files themselves say what they are."""
    oddities = folder.oddities
    said: dict[str, tuple[int, str]] = {}
    if folder.has("manifest"):
        for line, (name, value) in folder.rows("manifest", ("propertyName", "value")):
            said[name.lower()] = line, value
    else:
        oddities.note(folder.file("manifest"), 1, "", "is missing; all files are taken as bulk", "export it with them")
    modes: dict[str, str] = {}
    for table in TABLES:
        there = folder.has(table)
        line, mode = said.get(f"file.{table}".lower(), (1, BULK if there else ABSENT))
        if mode.lower() not in (BULK, DELTA, ABSENT):
            oddities.note(folder.file("manifest"), line, table, "is taken as bulk", "say bulk, delta or absent")
            mode = BULK
        mode = mode.lower()
        if mode == ABSENT and there:
            what = f"says that {table}.csv is absent, and it is there; it is left out"
            oddities.note(folder.file("manifest"), line, table, what, "say bulk or delta, or leave the file out")
        elif mode != ABSENT and not there:
            if table == "users":
                raise RosterError(folder.file(table), None, "is missing", "export it, or point to the right folder")
            what = f"names {table}.csv, and it is not there"
            oddities.note(folder.file("manifest"), line, table, what, "export it, or say absent")
            mode = ABSENT
        modes[table] = mode
    line, version = said.get("oneroster.version", (1, ""))
    if version[:3] not in ("1.1", "1.2"):
        if version:
            what = "is neither 1.1 nor 1.2; read by the files that are there"
            oddities.note(folder.file("manifest"), line, "oneroster.version", what, "export OneRoster 1.1 or 1.2")
        version = "1.2" if modes["roles"] != ABSENT else "1.1"
    _, allowed = said.get(MAX_REMOVAL, (1, ""))
    return Manifest(version[:3], modes, float(allowed) if _SHARE.fullmatch(allowed) else 0.0)


def read(folder: Folder, aliases: Mapping[str, str], now: float, oddities: RosterWarnings) -> Building:
    """Everybody of a bulk set. Raises RosterError."""
    said = manifest(folder)
    for table, mode in said.modes.items():
        if mode == DELTA:
            what = "is a delta, and there is no roster that it could change"
            raise RosterError(folder.file(table), None, what, "apply it with `chaperone directory import`")
    if said.modes["users"] == ABSENT:
        raise RosterError(folder.file("users"), None, "is absent", "a roster has people: export users.csv")
    building = Building(aliases, folder.file("users"), oddities, said.max_removal)
    reading = _Reading(folder, said.modes, building, datetime.fromtimestamp(now, UTC).date())
    reading.orgs()
    reading.roles()
    reading.profiles()
    reading.users()
    reading.classes()
    reading.enrollments()
    building.related()
    return building


class _Reading:
    """One pass over the tables, the small ones first."""

    def __init__(self, folder: Folder, modes: Mapping[str, str], building: Building, today: date) -> None:
        self._folder = folder
        self._modes = modes
        self._building = building
        self._today = today
        self._oddities = folder.oddities
        self._roles: dict[str, int] = {}  # by user: role bits, and above them the number of a set of orgs
        self._profiles: dict[str, list[str]] = {}
        self._masters: dict[str, int] = {}

    def _there(self, table: str) -> bool:
        return self._modes[table] == BULK

    def _note(self, table: str, line: int, column: str, what: str, mend: str) -> None:
        self._oddities.note(self._folder.file(table), line, column, what, mend)

    def _gone(self, table: str, line: int, status: str) -> bool:
        """Whether a record says that it no longer counts."""
        if not status or status == "active":
            return False
        folded = status.lower()
        if folded in _GONE:
            what = f"says {folded} in a bulk file; it is left out"
            self._note(table, line, "status", what, "leave such records out; status is blank in bulk")
            return True
        if folded != "active":
            self._note(table, line, "status", "is no status of OneRoster; it counts", "leave it blank in bulk")
        return False

    def orgs(self) -> None:
        """Schools and districts."""
        if not self._there("orgs"):
            self._note("orgs", 1, "", "is missing; buildings have no names", "export orgs.csv")
            return
        wanted = ("sourcedId", "status", "name", "type", "parentSourcedId")
        for line, (id_, status, name, type_, parent) in self._folder.rows("orgs", wanted):
            if id_ and not self._gone("orgs", line, status):
                self._building.orgs[id_] = Org(id_, name, type_.lower(), parent)

    def roles(self) -> None:
        """The roles of 1.2, as far as their dates hold today."""
        if not self._there("roles"):
            return
        wanted = ("userSourcedId", "status", "role", "beginDate", "endDate", "orgSourcedId")
        for line, (user, status, role, begin, end, org) in self._folder.rows("roles", wanted):
            if not user or self._gone("roles", line, status):
                continue
            known = self._roles.get(user, 0)
            if self._today_in("roles", line, begin, end):
                bits = self._role("roles", line, role)
                orgset = self._building.orgset(self._orgs("roles", line, "orgSourcedId", org), known >> _BITS)
                known = known & _ALL | bits | orgset << _BITS
            self._roles[user] = known

    def profiles(self) -> None:
        """Second accounts: profiles whose user name is a mail address. Their passwords are never looked at."""
        if not self._there("userProfiles"):
            return
        wanted = ("userSourcedId", "status", "username")
        for line, (user, status, name) in self._folder.rows("userProfiles", wanted):
            if user and "@" in name and not self._gone("userProfiles", line, status):
                self._profiles.setdefault(user, []).append(name)

    def users(self) -> None:
        """The people."""
        building, has_roles = self._building, self._there("roles")
        any_role = False
        for line, cells in self._folder.rows("users", _USER):
            (id_, status, orgs, role, username, given, middle, family, email, sms, phone, agents, master,
             preferred_given, preferred_family, primary) = cells  # fmt: skip
            if not id_ or APART in id_:
                self._note("users", line, "sourcedId", "is no sourcedId; the record is left out", "give everybody one")
                continue
            if self._gone("users", line, status):
                continue
            row, new = building.person(id_, line)
            address = self._accounts(row, line, email, (username, *self._profiles.pop(id_, ())), (sms, phone))
            if new:
                building.named(id_, f"{preferred_given or given} {preferred_family or family}", address)
            else:
                what = "is there more than once; the records are joined"
                self._note("users", line, "sourcedId", what, "give each person one record")
            from_roles = self._roles.get(id_)
            bits = from_roles & _ALL if from_roles is not None else 0
            if role and from_roles is None:
                for each in role.split(","):
                    bits |= self._role("users", line, each)
            elif from_roles is None:
                what, mend = "has no role and counts as nobody", "give everybody a role"
                self._note("roles" if has_roles else "users", line, "role", what, mend)
            any_role = any_role or bits != 0
            building.roles[row] |= bits
            listed = self._orgs("users", line, "orgSourcedIds", orgs)
            listed += self._orgs("users", line, "primaryOrgSourcedId", primary)
            building.belongs(row, building.orgset(listed, (from_roles or 0) >> _BITS))
            names = product(
                dict.fromkeys((given, preferred_given or given)), (middle,),
                dict.fromkeys((family, preferred_family or family)),
            )  # fmt: skip
            building.findable(row, list(names))
            if agents:
                before = building.agents.get(row)
                building.agents[row] = agents if before is None else f"{before},{agents}"
            if master:
                self._master(row, line, master)
        if not building.rows:
            raise RosterError(self._folder.file("users"), None, "has no people", "export it again")
        if not any_role:
            what = "nobody has a role"
            mend = "export roles.csv with OneRoster 1.2, or the column role with 1.1"
            raise RosterError(self._folder.file("users"), None, what, mend)
        for bit, word in ((STAFF, "staff"), (STUDENT, "students")):
            if not any(bits & bit for bits in building.roles):
                self._note("users", 1, "role", f"there are no {word}: no message will be in scope", "export them too")

    def classes(self) -> None:
        """The names of classes."""
        if not self._there("enrollments") or not self._there("classes"):
            return
        for line, (id_, status, title) in self._folder.rows("classes", ("sourcedId", "status", "title")):
            if id_ and title and not self._gone("classes", line, status):
                self._building.classes.titled(id_, title)

    def enrollments(self) -> None:
        """Who is in which class today; and the schools of staff and students who belong to none by themselves."""
        if not self._there("enrollments"):
            return
        building, rows, both = self._building, self._building.rows, STAFF | STUDENT
        roles, enrol = building.roles, building.classes.enrol
        schools = {id_ for id_, org in building.orgs.items() if org.type == _SCHOOL}
        homeless = {
            row for row in rows.values() if roles[row] & both and schools.isdisjoint(building.orgs_of(row))
        } if schools else set()  # fmt: skip
        wanted = ("userSourcedId", "status", "classSourcedId", "schoolSourcedId", "beginDate", "endDate")
        for line, (user, status, class_, school, begin, end) in self._folder.rows("enrollments", wanted):
            row = rows.get(user)
            if row is None or not roles[row] & both or (status and self._gone("enrollments", line, status)):
                continue
            if row in homeless and school in schools:
                building.belongs(row, building.orgset((school,)))
            if class_ and (not (begin or end) or self._today_in("enrollments", line, begin, end)):
                enrol(row, class_)

    def _today_in(self, table: str, line: int, begin: str, end: str) -> bool:
        first, last = self._date(table, line, "beginDate", begin), self._date(table, line, "endDate", end)
        return (first is None or first - _GRACE <= self._today) and (last is None or self._today <= last + _GRACE)

    def _accounts(self, row: int, line: int, email: str, seconds: Sequence[str], numbers: Sequence[str]) -> str:
        """Keep the addresses of one record, each once; the first mail address, "" where there is none."""
        aliases, seen, first = self._building.aliases, set[str](), ""
        mails = [("email", email, AccountKind.OWN), *(("username", each, AccountKind.SECOND) for each in seconds)]
        phones = [("sms", numbers[0], AccountKind.PHONE), ("phone", numbers[1], AccountKind.PHONE)]
        for column, cell, usual in mails + phones:
            if not cell or (column == "username" and "@" not in cell):
                continue
            for written in cell.split(",") if "," in cell else (cell,):
                address, kind = canonical(written, aliases), usual
                if "@" in address[1:-1]:
                    if kind is AccountKind.PHONE:
                        self._note("users", line, column, "holds a mail address", "put it in the column email")
                        kind = AccountKind.SECOND
                elif address[:1] != "+" or not address[1:].isdecimal():  # canonical makes E.164 of what is a number
                    what = "is no mail address" if kind is not AccountKind.PHONE else "is no phone number"
                    self._note("users", line, column, f"{what}; it is left out", "correct it or leave it empty")
                    continue
                elif kind is not AccountKind.PHONE:
                    self._note("users", line, column, "holds a number", "put it in the column sms or phone")
                    kind = AccountKind.PHONE
                if address not in seen:
                    seen.add(address)
                    self._building.account(row, address, kind)
                    if not first and kind is not AccountKind.PHONE:
                        first = address
        return first

    def _master(self, row: int, line: int, master: str) -> None:
        """Two users with one userMasterIdentifier are perhaps one person."""
        other = self._masters.setdefault(master, row)
        if other == row:
            return
        bits, others = self._building.roles[row], self._building.roles[other]
        if bits & GUARDIAN and others & STAFF and not bits & STAFF:
            self._building.perhaps_one_person(other, row, "userMasterIdentifier")
        elif bits & STAFF and others & GUARDIAN and not others & STAFF:
            self._building.perhaps_one_person(row, other, "userMasterIdentifier")
        else:
            what = "is somebody else's too"
            self._note("users", line, "userMasterIdentifier", what, "give each person one sourcedId")

    def _role(self, table: str, line: int, role: str) -> int:
        folded = role.strip().lower()
        bits = _ROLES.get(folded)
        if bits is not None:
            return bits
        if not folded:
            return 0
        for word, bits in (("student", STUDENT), ("parent", GUARDIAN), ("guardian", GUARDIAN)):
            if word in folded:
                self._note(table, line, "role", f"is no role of OneRoster; counts as {word}", "map it in the export")
                return bits
        self._note(table, line, "role", "is no role of OneRoster; counts as staff", "map it in the export")
        return STAFF

    def _orgs(self, table: str, line: int, column: str, cell: str) -> list[str]:
        if not cell:
            return []
        listed = [each.strip() for each in cell.split(",")] if "," in cell else [cell]
        orgs = self._building.orgs
        for each in listed:
            if orgs and each not in orgs:
                self._note(table, line, column, "names an org that orgs.csv does not have", "export all orgs")
        return [each for each in listed if each]

    def _date(self, table: str, line: int, column: str, cell: str) -> date | None:
        if not cell:
            return None
        try:
            return date.fromisoformat(cell[:10])
        except ValueError:
            pass
        try:
            found = datetime.strptime(cell, "%m/%d/%Y").date()
            self._note(table, line, column, "is not written as YYYY-MM-DD", "write dates as YYYY-MM-DD")
        except ValueError:
            self._note(table, line, column, "is no date; it is left out", "write dates as YYYY-MM-DD")
            return None
        return found
