"""The district's own lists: contacts.csv, groups.csv and special_staff.csv.

They hold personal accounts and district numbers, group addresses, and counselors, nurses and case managers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gateway.core.messages.addresses import canonical_address, e164
from gateway.directory.roster import AccountKind
from gateway.directory.roster_builder import RosterBuilder
from gateway.directory.tables import read_csv
from gateway.directory.validation import RosterWarnings

_NAME = re.compile(r"\d{3,8}|[a-z][0-9a-z ._+-]{1,39}", re.IGNORECASE)
"""Short codes, alphanumeric senders and messaging services of a provider: they take the place of numbers."""

_KINDS = {
    "email": AccountKind.PERSONAL_MAIL,
    "phone": AccountKind.PERSONAL_PHONE,
    "district_phone": AccountKind.DISTRICT_PHONE,
}


def read_contacts(path: Path, builder: RosterBuilder, warnings: RosterWarnings) -> None:
    """Read personal accounts and district numbers. The columns are person (a sourcedId), kind and value."""
    for line, (person, written, value) in read_csv(path, "contacts", "directory.contacts", warnings):
        row = builder.rows.get(person)
        kind = _KINDS.get(written.lower())
        if row is None:
            what = "is the sourcedId of nobody; the record is ignored"
            warnings.add(str(path), line, "person", what, "write the sourcedId of users.csv")
            continue
        if kind is None:
            what = "is not a known kind; the record is ignored"
            warnings.add(str(path), line, "kind", what, "write email, phone or district_phone")
            continue
        address = canonical_address(value, builder.aliases)
        is_number = e164(address) is not None
        if kind is AccountKind.PERSONAL_MAIL and is_number:  # the mail address of a phone at its carrier
            kind = AccountKind.PERSONAL_PHONE
        is_name = kind is AccountKind.DISTRICT_PHONE and _NAME.fullmatch(address) is not None
        is_mail = kind is AccountKind.PERSONAL_MAIL and "@" in address[1:-1]
        if not (is_number or is_name or is_mail):
            what = f"is not a {'mail address' if kind is AccountKind.PERSONAL_MAIL else 'phone number'}; it is ignored"
            warnings.add(str(path), line, "value", what, "correct it")
            continue
        builder.add_account(row, address, kind)


def read_special_staff(path: Path, builder: RosterBuilder, warnings: RosterWarnings) -> dict[str, list[str]]:
    """Read who may know confidential facts about which students. The columns are person, role and serves.

    `serves` is the sourcedId of a student or an org; empty for the orgs of the person. `role` is for readers of the
    file. Returns the sourcedIds of students and orgs by person.
    """
    served: dict[str, list[str]] = {}
    for line, (person, _, serves) in read_csv(path, "special_staff", "directory.special_staff", warnings):
        row = builder.rows.get(person)
        if row is None:
            what = "is the sourcedId of nobody; the record is ignored"
            warnings.add(str(path), line, "person", what, "write the sourcedId of users.csv")
        elif serves and serves not in builder.rows and serves not in builder.orgs:
            what = "is the sourcedId of neither a student nor an org; the record is ignored"
            warnings.add(str(path), line, "serves", what, "write the sourcedId of users.csv or orgs.csv")
        else:
            served.setdefault(person, []).extend([serves] if serves else builder.orgs_of(row))
    return served


def read_groups(path: Path, aliases: Mapping[str, str], warnings: RosterWarnings) -> dict[str, list[tuple[int, str]]]:
    """Read groups: for each group address, in canonical form, the lines and members of its list, as written."""
    members: dict[str, list[tuple[int, str]]] = {}
    for line, (address, member) in read_csv(path, "groups", "directory.groups", warnings):
        group = canonical_address(address, aliases)
        if "@" not in group[1:-1]:
            what = "is not a mail address; the record is ignored"
            warnings.add(str(path), line, "address", what, "write the address of the group")
        elif not member:
            warnings.add(str(path), line, "member", "is empty", "write a sourcedId or an address")
            members.setdefault(group, [])
        else:
            members.setdefault(group, []).append((line, member))
    return members
