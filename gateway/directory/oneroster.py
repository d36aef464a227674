"""Reads OneRoster 1.1 and 1.2 (CSV) into a roster builder: orgs, roles, profiles, people, guardians, classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product

from gateway.core.messages.addresses import canonical_address
from gateway.directory.roster import ADMINISTRATOR_BIT, COUNSELOR_BIT, SEPARATOR, AccountKind, Org
from gateway.directory.roster_builder import GUARDIAN, STAFF, STUDENT, RosterBuilder
from gateway.directory.tables import OneRosterFiles
from gateway.directory.validation import RosterError, RosterWarnings

TABLES = ("orgs", "users", "roles", "userProfiles", "classes", "enrollments")
"""The tables that are kept."""

BULK, DELTA, ABSENT = "bulk", "delta", "absent"
MAX_REMOVAL = "chaperone.max_removal"
"""Our own manifest property: the removal share that the import of the set allowed."""

_ROLES = {
    **dict.fromkeys("aide proctor systemadministrator teacher staff".split(), STAFF),
    "counselor": STAFF | COUNSELOR_BIT,
    **dict.fromkeys(
        "administrator districtadministrator principal schooladministrator siteadministrator".split(),
        STAFF | ADMINISTRATOR_BIT,
    ),
    **dict.fromkeys("guardian parent relative".split(), GUARDIAN),
    "student": STUDENT,
}
_ROLE_BIT_COUNT = 5  # above these bits: the number of a set of orgs
_ROLE_MASK = (1 << _ROLE_BIT_COUNT) - 1
_SCHOOL = "school"
_SHARE = re.compile(r"0(\.[0-9]+)?|1(\.0+)?")
_DELETED = frozenset({"tobedeleted", "inactive"})
_GRACE = timedelta(days=1)  # dates are local, `now` is UTC: a role counts a day longer rather than a day shorter

_USER = (
    "sourcedId status orgSourcedIds role username givenName middleName familyName email sms phone agentSourcedIds"
    " userMasterIdentifier preferredGivenName preferredFamilyName primaryOrgSourcedId"
).split()


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a set: the OneRoster version, and bulk, delta or absent for each table.

    `max_removal` is the share of the people (0..1) that the import of the set allowed to remove.
    """

    version: str
    modes: Mapping[str, str]
    max_removal: float = 0.0


def read_manifest(folder: OneRosterFiles) -> Manifest:
    """Read the manifest. What it does not say follows from the files that exist."""
    warnings = folder.warnings
    properties: dict[str, tuple[int, str]] = {}
    if folder.has("manifest"):
        for line, (name, value) in folder.rows("manifest", ("propertyName", "value")):
            properties[name.lower()] = line, value
    else:
        warnings.add(folder.file("manifest"), 1, "", "is missing; all files are read as bulk", "export it too")
    modes: dict[str, str] = {}
    for table in TABLES:
        exists = folder.has(table)
        line, mode = properties.get(f"file.{table}".lower(), (1, BULK if exists else ABSENT))
        if mode.lower() not in (BULK, DELTA, ABSENT):
            warnings.add(folder.file("manifest"), line, table, "is read as bulk", "write bulk, delta or absent")
            mode = BULK
        mode = mode.lower()
        if mode == ABSENT and exists:
            what = f"says that {table}.csv is absent, but it exists; it is ignored"
            warnings.add(folder.file("manifest"), line, table, what, "write bulk or delta, or remove the file")
        elif mode != ABSENT and not exists:
            if table == "users":
                raise RosterError(folder.file(table), None, "is missing", "export it, or name the right folder")
            what = f"names {table}.csv, but it does not exist"
            warnings.add(folder.file("manifest"), line, table, what, "export it, or write absent")
            mode = ABSENT
        modes[table] = mode
    line, version = properties.get("oneroster.version", (1, ""))
    if version[:3] not in ("1.1", "1.2"):
        if version:
            what = "is neither 1.1 nor 1.2; the version follows from the files"
            warnings.add(folder.file("manifest"), line, "oneroster.version", what, "export OneRoster 1.1 or 1.2")
        version = "1.2" if modes["roles"] != ABSENT else "1.1"
    _, allowed = properties.get(MAX_REMOVAL, (1, ""))
    return Manifest(version[:3], modes, float(allowed) if _SHARE.fullmatch(allowed) else 0.0)


def read_oneroster(
    folder: OneRosterFiles, aliases: Mapping[str, str], now: float, warnings: RosterWarnings
) -> RosterBuilder:
    """Read a bulk set. Raises RosterError."""
    manifest = read_manifest(folder)
    for table, mode in manifest.modes.items():
        if mode == DELTA:
            what = "is a delta, and there is no roster to change"
            raise RosterError(folder.file(table), None, what, "apply it with `chaperone directory import`")
    if manifest.modes["users"] == ABSENT:
        raise RosterError(folder.file("users"), None, "is absent", "a roster has people: export users.csv")
    builder = RosterBuilder(aliases, folder.file("users"), warnings, manifest.max_removal)
    reader = _OneRosterReader(folder, manifest.modes, builder, datetime.fromtimestamp(now, UTC).date())
    reader.read_orgs()
    reader.read_roles()
    reader.read_profiles()
    reader.read_users()
    reader.read_classes()
    reader.read_enrollments()
    builder.assign_guardians()
    return builder


class _OneRosterReader:
    """One pass over the tables, small ones first."""

    def __init__(self, folder: OneRosterFiles, modes: Mapping[str, str], builder: RosterBuilder, today: date) -> None:
        self._folder = folder
        self._modes = modes
        self._builder = builder
        self._today = today
        self._warnings = folder.warnings
        self._roles: dict[str, int] = {}  # by user: role bits, and above them the number of a set of orgs
        self._profiles: dict[str, list[str]] = {}
        self._masters: dict[str, int] = {}

    def _has(self, table: str) -> bool:
        return self._modes[table] == BULK

    def _warn(self, table: str, line: int, column: str, what: str, hint: str) -> None:
        self._warnings.add(self._folder.file(table), line, column, what, hint)

    def _deleted(self, table: str, line: int, status: str) -> bool:
        """Whether the status of a record says that it is deleted."""
        if not status or status == "active":
            return False
        folded = status.lower()
        if folded in _DELETED:
            what = f"says {folded} in a bulk file; the record is ignored"
            self._warn(table, line, "status", what, "leave such records out; status is blank in bulk files")
            return True
        if folded != "active":
            self._warn(
                table, line, "status", "is not a OneRoster status; the record counts", "leave it blank in bulk files"
            )
        return False

    def read_orgs(self) -> None:
        """Read schools and districts."""
        if not self._has("orgs"):
            self._warn("orgs", 1, "", "is missing; buildings have no names", "export orgs.csv")
            return
        wanted = ("sourcedId", "status", "name", "type", "parentSourcedId")
        for line, (id_, status, name, type_, parent) in self._folder.rows("orgs", wanted):
            if id_ and not self._deleted("orgs", line, status):
                self._builder.orgs[id_] = Org(id_, name, type_.lower(), parent)

    def read_roles(self) -> None:
        """Read the roles of OneRoster 1.2 that are valid today."""
        if not self._has("roles"):
            return
        wanted = ("userSourcedId", "status", "role", "beginDate", "endDate", "orgSourcedId")
        for line, (user, status, role, begin, end, org) in self._folder.rows("roles", wanted):
            if not user or self._deleted("roles", line, status):
                continue
            known = self._roles.get(user, 0)
            if self._valid_today("roles", line, begin, end):
                bits = self._role("roles", line, role)
                org_set = self._builder.org_set(
                    self._orgs("roles", line, "orgSourcedId", org), known >> _ROLE_BIT_COUNT
                )
                known = known & _ROLE_MASK | bits | org_set << _ROLE_BIT_COUNT
            self._roles[user] = known

    def read_profiles(self) -> None:
        """Read second accounts: profiles whose user name is a mail address. Passwords are never read."""
        if not self._has("userProfiles"):
            return
        wanted = ("userSourcedId", "status", "username")
        for line, (user, status, name) in self._folder.rows("userProfiles", wanted):
            if user and "@" in name and not self._deleted("userProfiles", line, status):
                self._profiles.setdefault(user, []).append(name)

    def read_users(self) -> None:
        """Read the people."""
        builder, has_roles = self._builder, self._has("roles")
        any_role = False
        for line, cells in self._folder.rows("users", _USER):
            (id_, status, orgs, role, username, given, middle, family, email, sms, phone, agents, master,
             preferred_given, preferred_family, primary) = cells  # fmt: skip
            if not id_ or SEPARATOR in id_:
                self._warn(
                    "users", line, "sourcedId", "is not a sourcedId; the record is ignored", "give everybody one"
                )
                continue
            if self._deleted("users", line, status):
                continue
            row, new = builder.row_of(id_, line)
            address = self._add_accounts(row, line, email, (username, *self._profiles.pop(id_, ())), (sms, phone))
            if new:
                builder.add_person(id_, f"{preferred_given or given} {preferred_family or family}", address)
            else:
                what = "occurs more than once; the records are merged"
                self._warn("users", line, "sourcedId", what, "give each person one record")
            from_roles = self._roles.get(id_)
            bits = from_roles & _ROLE_MASK if from_roles is not None else 0
            if role and from_roles is None:
                for name in role.split(","):
                    bits |= self._role("users", line, name)
            elif from_roles is None:
                what, hint = "has no role and is ignored", "give everybody a role"
                self._warn("roles" if has_roles else "users", line, "role", what, hint)
            any_role = any_role or bits != 0
            builder.roles[row] |= bits
            org_ids = self._orgs("users", line, "orgSourcedIds", orgs)
            org_ids += self._orgs("users", line, "primaryOrgSourcedId", primary)
            builder.add_orgs(row, builder.org_set(org_ids, (from_roles or 0) >> _ROLE_BIT_COUNT))
            names = product(
                dict.fromkeys((given, preferred_given or given)), (middle,),
                dict.fromkeys((family, preferred_family or family)),
            )  # fmt: skip
            builder.index_names(row, list(names))
            if agents:
                before = builder.agents.get(row)
                builder.agents[row] = agents if before is None else f"{before},{agents}"
            if master:
                self._check_master(row, line, master)
        if not builder.rows:
            raise RosterError(self._folder.file("users"), None, "has no people", "export it again")
        if not any_role:
            what = "nobody has a role"
            hint = "export roles.csv with OneRoster 1.2, or the column role with 1.1"
            raise RosterError(self._folder.file("users"), None, what, hint)
        for bit, word in ((STAFF, "staff"), (STUDENT, "students")):
            if not any(bits & bit for bits in builder.roles):
                self._warn("users", 1, "role", f"there are no {word}: no message will be in scope", "export them too")

    def read_classes(self) -> None:
        """Read the names of classes."""
        if not self._has("enrollments") or not self._has("classes"):
            return
        for line, (id_, status, title) in self._folder.rows("classes", ("sourcedId", "status", "title")):
            if id_ and title and not self._deleted("classes", line, status):
                self._builder.classes.set_title(id_, title)

    def read_enrollments(self) -> None:
        """Read who is in which class today. A school comes from enrollments for people who have none otherwise."""
        if not self._has("enrollments"):
            return
        builder, rows, both = self._builder, self._builder.rows, STAFF | STUDENT
        roles, enroll = builder.roles, builder.classes.enroll
        schools = {id_ for id_, org in builder.orgs.items() if org.type == _SCHOOL}
        without_school = {
            row for row in rows.values() if roles[row] & both and schools.isdisjoint(builder.orgs_of(row))
        } if schools else set()  # fmt: skip
        wanted = ("userSourcedId", "status", "classSourcedId", "schoolSourcedId", "beginDate", "endDate")
        for line, (user, status, class_, school, begin, end) in self._folder.rows("enrollments", wanted):
            row = rows.get(user)
            if row is None or not roles[row] & both or (status and self._deleted("enrollments", line, status)):
                continue
            if row in without_school and school in schools:
                builder.add_orgs(row, builder.org_set((school,)))
            if class_ and (not (begin or end) or self._valid_today("enrollments", line, begin, end)):
                enroll(row, class_)

    def _valid_today(self, table: str, line: int, begin: str, end: str) -> bool:
        first, last = self._date(table, line, "beginDate", begin), self._date(table, line, "endDate", end)
        return (first is None or first - _GRACE <= self._today) and (last is None or self._today <= last + _GRACE)

    def _add_accounts(self, row: int, line: int, email: str, seconds: Sequence[str], numbers: Sequence[str]) -> str:
        """Add the addresses of one record, each once. Return the first mail address, "" for none."""
        aliases, seen, first = self._builder.aliases, set[str](), ""
        mails = [("email", email, AccountKind.OWN), *(("username", name, AccountKind.SECOND) for name in seconds)]
        phones = [("sms", numbers[0], AccountKind.PHONE), ("phone", numbers[1], AccountKind.PHONE)]
        for column, cell, usual in mails + phones:
            if not cell or (column == "username" and "@" not in cell):
                continue
            for written in cell.split(",") if "," in cell else (cell,):
                address, kind = canonical_address(written, aliases), usual
                if "@" in address[1:-1]:
                    if kind is AccountKind.PHONE:
                        self._warn("users", line, column, "holds a mail address", "put it in the column email")
                        kind = AccountKind.SECOND
                elif address[:1] != "+" or not address[1:].isdecimal():  # canonical() writes numbers in E.164
                    what = "is not a mail address" if kind is not AccountKind.PHONE else "is not a phone number"
                    self._warn("users", line, column, f"{what}; it is ignored", "correct it or leave it empty")
                    continue
                elif kind is not AccountKind.PHONE:
                    self._warn("users", line, column, "holds a number", "put it in the column sms or phone")
                    kind = AccountKind.PHONE
                if address not in seen:
                    seen.add(address)
                    self._builder.add_account(row, address, kind)
                    if not first and kind is not AccountKind.PHONE:
                        first = address
        return first

    def _check_master(self, row: int, line: int, master: str) -> None:
        """Warn when two users have one userMasterIdentifier: they may be one person."""
        other = self._masters.setdefault(master, row)
        if other == row:
            return
        bits, others = self._builder.roles[row], self._builder.roles[other]
        if bits & GUARDIAN and others & STAFF and not bits & STAFF:
            self._builder.warn_same_person(other, row, "userMasterIdentifier")
        elif bits & STAFF and others & GUARDIAN and not others & STAFF:
            self._builder.warn_same_person(row, other, "userMasterIdentifier")
        else:
            what = "belongs to somebody else too"
            self._warn("users", line, "userMasterIdentifier", what, "give each person one sourcedId")

    def _role(self, table: str, line: int, role: str) -> int:
        folded = role.strip().lower()
        bits = _ROLES.get(folded)
        if bits is not None:
            return bits
        if not folded:
            return 0
        for word, bits in (("student", STUDENT), ("parent", GUARDIAN), ("guardian", GUARDIAN)):
            if word in folded:
                self._warn(table, line, "role", f"is not a OneRoster role; counts as {word}", "map it in the export")
                return bits
        self._warn(table, line, "role", "is not a OneRoster role; counts as staff", "map it in the export")
        return STAFF

    def _orgs(self, table: str, line: int, column: str, cell: str) -> list[str]:
        if not cell:
            return []
        org_ids = [org_id.strip() for org_id in cell.split(",")] if "," in cell else [cell]
        orgs = self._builder.orgs
        for org_id in org_ids:
            if orgs and org_id not in orgs:
                self._warn(table, line, column, "names an org that orgs.csv does not have", "export all orgs")
        return [org_id for org_id in org_ids if org_id]

    def _date(self, table: str, line: int, column: str, cell: str) -> date | None:
        if not cell:
            return None
        try:
            return date.fromisoformat(cell[:10])
        except ValueError:
            pass
        try:
            parsed = datetime.strptime(cell, "%m/%d/%Y").date()
            self._warn(table, line, column, "is not written as YYYY-MM-DD", "write dates as YYYY-MM-DD")
        except ValueError:
            self._warn(table, line, column, "is not a date; it is ignored", "write dates as YYYY-MM-DD")
            return None
        return parsed
