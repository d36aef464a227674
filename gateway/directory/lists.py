"""The district's own two lists: contacts.csv (who else is whose) and groups.csv (list addresses)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gateway.core.messages.addresses import canonical, e164
from gateway.directory.building import Building
from gateway.directory.roster import AccountKind
from gateway.directory.tables import one_file
from gateway.directory.validation import RosterWarnings

_NAME = re.compile(r"\d{3,8}|[a-z][0-9a-z ._+-]{1,39}", re.IGNORECASE)
"""Short codes, senders that are names, and a provider's messaging services: numbers in all but their form."""

_KINDS = {
    "email": AccountKind.PERSONAL_MAIL,
    "phone": AccountKind.PERSONAL_PHONE,
    "district_phone": AccountKind.DISTRICT_PHONE,
}


def read_contacts(path: Path, building: Building, oddities: RosterWarnings) -> None:
    """Personal accounts and district numbers of people: person (a sourcedId), kind, value."""
    for line, (person, written, value) in one_file(path, "contacts", "directory.contacts", oddities):
        row = building.rows.get(person)
        kind = _KINDS.get(written.lower())
        if row is None:
            what = "is the sourcedId of nobody; the record is left out"
            oddities.note(str(path), line, "person", what, "write the sourcedId of users.csv")
            continue
        if kind is None:
            what = "is no kind; the record is left out"
            oddities.note(str(path), line, "kind", what, "write email, phone or district_phone")
            continue
        address = canonical(value, building.aliases)
        is_number = e164(address) is not None
        if kind is AccountKind.PERSONAL_MAIL and is_number:  # a carrier's mail address for a phone
            kind = AccountKind.PERSONAL_PHONE
        is_name = kind is AccountKind.DISTRICT_PHONE and _NAME.fullmatch(address) is not None
        is_mail = kind is AccountKind.PERSONAL_MAIL and "@" in address[1:-1]
        if not (is_number or is_name or is_mail):
            what = f"is no {'mail address' if kind is AccountKind.PERSONAL_MAIL else 'phone number'}; it is left out"
            oddities.note(str(path), line, "value", what, "correct it")
            continue
        building.account(row, address, kind)


def read_groups(path: Path, aliases: Mapping[str, str], oddities: RosterWarnings) -> dict[str, list[tuple[int, str]]]:
    """For each group address, in canonical form, the lines and members of its list, as written."""
    members: dict[str, list[tuple[int, str]]] = {}
    for line, (address, member) in one_file(path, "groups", "directory.groups", oddities):
        group = canonical(address, aliases)
        if "@" not in group[1:-1]:
            what = "is no mail address; the record is left out"
            oddities.note(str(path), line, "address", what, "write the address of the list")
        elif not member:
            oddities.note(str(path), line, "member", "is empty", "write a sourcedId or an address")
            members.setdefault(group, [])
        else:
            members.setdefault(group, []).append((line, member))
    return members
