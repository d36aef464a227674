"""The JSON of administration."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.console.web.schemas import RequestBody

RoleName = Literal["technology_director", "building_administrator", "security", "auditor", "staff"]


class PlaceRow(BaseModel):
    """A place of administration, and how much waits there."""

    key: str
    title: str
    path: str
    waits: int
    what: str


class PlaceList(BaseModel):
    """The places that the account may administer."""

    items: list[PlaceRow]
    next: str | None


class AccountDraftBody(RequestBody):
    """Role, buildings and person of an account. `person`: a sourcedId, a district address or a full name."""

    role: RoleName
    buildings: list[str] = Field(default_factory=list, max_length=200)
    person: str = Field(default="", max_length=320)
    no_person: bool = Field(default=False, description="Nobody of the roster owns it, although it decides")


class NewAccountBody(AccountDraftBody):
    """A new account. `by_service`: it signs in with the district's service and has no password here."""

    name: str = Field(max_length=64)
    by_service: bool = False


class ConsoleAccountRow(BaseModel):
    """An account, and what is wrong with it."""

    name: str
    role: RoleName
    buildings: list[str]
    person: str
    disabled: bool
    by_groups: bool
    faults: list[str]


class ConsoleAccountList(BaseModel):
    """Accounts by name, the disabled ones last."""

    items: list[ConsoleAccountRow]
    next: str | None


class AddedAccount(ConsoleAccountRow):
    """A new account. Its `password` is shown only now; empty if it has none."""

    password: str


class ResetPassword(BaseModel):
    """A new password, which is shown only now."""

    name: str
    password: str


class ChangedAccount(BaseModel):
    """What was done to an account."""

    name: str
    done: str


class ContactRecord(BaseModel):
    """A record of the district's contacts."""

    person: str
    kind: str
    value: str
    known: bool


class ContactList(BaseModel):
    """The records, in the order of the file."""

    items: list[ContactRecord]
    next: str | None


class GroupRow(BaseModel):
    """A group address."""

    address: str
    members: int
    unknown: list[str]


class GroupList(BaseModel):
    """Group addresses, those with unknown members first."""

    items: list[GroupRow]
    next: str | None


class RosterRow(BaseModel):
    """The roster in use."""

    source: str
    people: dict[str, int]
    changed_at: str
    warnings: list[str]
    max_removal: float


class RosterDifferenceRow(BaseModel):
    """What an import changes: the first 200 people of each kind, and counts of all. `refused`: why it needs a yes."""

    id: str
    name: str
    added: dict[str, list[str]]
    removed: dict[str, list[str]]
    changed: dict[str, list[str]]
    counts: dict[str, int]
    before: int
    after: int
    warnings: list[str]
    refused: str


class ImportConfirmation(RequestBody):
    """Import what was shown. `confirm`: also if it removes more than `directory.max_removal` allows."""

    confirm: bool = False
