"""A small sample district on disk, in OneRoster 1.1 or 1.2, that tests change and break."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.directory.loading import LoadedRoster, load_roster

STAFF, STUDENTS, ALIAS = "riverbend.example", "students.riverbend.example", "rcsd.example"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()

HEADERS = {
    "manifest": "propertyName,value",
    "orgs": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
    "users": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password",
    "users 1.2": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,"
    "identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,"
    "preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns",
    "roles": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
    "userProfileSourcedId",
    "userProfiles": "sourcedId,status,dateLastModified,userSourcedId,profileType,vendorId,applicationId,description,"
    "credentialType,username,password",
    "enrollments": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,"
    "beginDate,endDate",
    "classes": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,"
    "schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
    "demographics": "sourcedId,status,dateLastModified,birthDate,sex",
}

Row = dict[str, str]


def user(id_: str, role: str, given: str, family: str, email: str, **more: str) -> Row:
    """A user of OneRoster 1.1; `split` turns it into 1.2."""
    row = {"sourcedId": id_, "enabledUser": "true", "role": role, "givenName": given, "familyName": family}
    return {**row, "email": email, "orgSourcedIds": "hs", "password": f"secret-of-{id_}", **more}


G1 = {"agentSourcedIds": "g1"}


@dataclass
class District:
    """The tables of a set, to be changed and written."""

    version: str = "1.1"
    mode: str = "bulk"
    orgs: list[Row] = field(
        default_factory=lambda: [
            {"sourcedId": "d", "name": "Riverbend CSD", "type": "district"},
            {"sourcedId": "hs", "name": "Riverbend High", "type": "school", "parentSourcedId": "d"},
            {"sourcedId": "ms", "name": "Lincoln Middle", "type": "school", "parentSourcedId": "d"},
        ]
    )
    users: list[Row] = field(
        default_factory=lambda: [
            user("t1", "teacher", "Dana", "Whitfield", f"dwhitfield@{STAFF}", sms="+15155550110"),
            user("t2", "teacher", "Marcus", "Oyelaran", f"moyelaran@{STAFF}", phone="(515) 555-0111"),
            user("p1", "administrator", "Ruth", "Castellano", f"rcastellano@{STAFF}", orgSourcedIds="hs,ms"),
            user(
                "s1", "student", "Avery", "Lindqvist", f"alindqvist@{STUDENTS}", sms="5155550120", agentSourcedIds="g1"
            ),
            user("s2", "student", "Jordan", "Pacheco", f"jpacheco@{STUDENTS}", orgSourcedIds="ms"),
            user("s3", "student", "Tobi", "Oyelaran", f"toyelaran@{STUDENTS}", agentSourcedIds="t2,g1"),
            user("g1", "parent", "Ingrid", "Lindqvist", "ingrid.l@home.example"),
        ]
    )
    roles: list[Row] = field(default_factory=list)
    more: dict[str, list[Row]] = field(default_factory=dict)
    manifest: Row = field(default_factory=dict)

    def __getitem__(self, id_: str) -> Row:
        """The user with a sourcedId."""
        return next(row for row in self.users if row["sourcedId"] == id_)

    def split(self) -> District:
        """The same people in OneRoster 1.2, with a table of roles."""
        self.version = "1.2"
        for row in self.users:
            role, orgs = row.pop("role"), row.pop("orgSourcedIds")
            for number, org in enumerate(orgs.split(",")):
                self.roles.append(
                    {"sourcedId": f"r-{row['sourcedId']}-{number}", "userSourcedId": row["sourcedId"], "role": role,
                     "roleType": "primary", "orgSourcedId": org}
                )  # fmt: skip
        return self

    def written(self, folder: Path) -> Path:
        """Write the set."""
        folder.mkdir(parents=True, exist_ok=True)
        tables = {"users": self.users, **({"orgs": self.orgs} if self.orgs else {}), **self.more}
        if self.roles:
            tables["roles"] = self.roles
        names = ("orgs", "users", "roles", "userProfiles", "classes", "enrollments")
        warning_text = {"manifest.version": "1.0", "oneroster.version": self.version}
        warning_text |= {f"file.{name}": self.mode if name in tables else "absent" for name in names} | self.manifest
        tables["manifest"] = [{"propertyName": name, "value": value} for name, value in warning_text.items()]
        for name, rows in tables.items():
            head = HEADERS["users 1.2" if name == "users" and self.version == "1.2" else name].split(",")
            write_table(folder / f"{name}.csv", head, [[row.get(column, "") for column in head] for row in rows])
        return folder


def write_table(path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    """Write one CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(head)
        writer.writerows(rows)
    return path


def zipped(folder: Path, path: Path, inside: str = "") -> Path:
    """The set as a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for each in folder.iterdir():
            file.write(each, f"{inside}{each.name}")
    return path


def load_district(
    path: Path,
    *,
    groups: Path | None = None,
    contacts: Path | None = None,
    special_staff: Path | None = None,
    now: float = NOW,
) -> LoadedRoster:
    """Load a set with the district's domains."""
    return load_roster(
        path, groups=groups, contacts=contacts, domains=(STAFF, STUDENTS), aliases={ALIAS: STAFF},
        student_domains=(STUDENTS,), special_staff=special_staff, now=now,
    )  # fmt: skip


def warning_text(result: LoadedRoster) -> str:
    """All warnings as text."""
    return "\n".join(map(str, result.warnings))


ENROLLMENTS = (
    ("c1", "t1", "teacher"), ("c1", "s1", "student"), ("c1", "s4", "student"), ("c1", "s5", "student"),
    ("c1", "s7", "student"), ("c2", "t2", "teacher"), ("c2", "s2", "student"), ("c2", "s6", "student"),
)  # fmt: skip


def district_with_classes() -> District:
    """Two classes of two teachers, with namesakes in one class, in both, and in neither."""
    made = District()
    more = (
        ("s4", "Mary Ann", "Petrakis", "hs"), ("s5", "Jordan", "Pacheco", "hs"), ("s6", "Avery", "Novak", "hs"),
        ("s7", "Jordan", "Petrakis", "hs"), ("s8", "Riley", "Chen", "hs"), ("s9", "Riley", "Chen", "ms"),
    )  # fmt: skip
    for id_, given, family, org in more:
        made.users.append(user(id_, "student", given, family, f"{id_}@{STUDENTS}", orgSourcedIds=org))
    made.users.append(user("p2", "principal", "Lena", "Fontaine", f"p2@{STAFF}", orgSourcedIds="d"))
    made["t1"]["agentSourcedIds"] = ""
    made["s2"]["agentSourcedIds"] = "t1"
    made.more["enrollments"] = [
        {"sourcedId": f"e{number}", "classSourcedId": class_, "userSourcedId": who, "role": role}
        for number, (class_, who, role) in enumerate(ENROLLMENTS)
    ]
    return made
