"""The JSON of people and pairs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from gateway.console.web.schemas import RequestBody


class SomebodyRow(BaseModel):
    """A person. `id` is the sourcedId, "" for somebody who is not in the roster."""

    id: str
    name: str
    role: str
    buildings: list[str]


class PeopleSearch(RequestBody):
    """The person to look for: a full name, an address, a number or a sourcedId. A body keeps names out of URLs."""

    text: str = Field(max_length=320)


class PeopleFound(BaseModel):
    """The people that a search found."""

    items: list[SomebodyRow]
    next: str | None


class PairLine(BaseModel):
    """How much one pair wrote. Messages are those that are one-to-one or over a personal account."""

    person: SomebodyRow
    messages: int
    by_staff: int
    one_to_one: int
    outside: int
    night: int
    off_hours: int
    class_mail: int
    exchanges: int
    begun_by_staff: int
    last_at: str
    findings: int
    raised: int


class BarRow(BaseModel):
    """Messages of a week (its Monday) or of an hour of the day."""

    label: str
    messages: int
    outside: int


class ContactFindingRow(BaseModel):
    """What was found at a message, in words with its numbers."""

    at: str
    clause: str
    text: str
    flags: bool
    message: str
    person: SomebodyRow


class RaisedRow(BaseModel):
    """A message that was flagged, held or alerted."""

    message: str
    at: str
    by_staff: bool
    channel: str
    action: str
    clauses: list[str]


class AccountRow(BaseModel):
    """An outside address that counts, or was refused, as the person's own."""

    address: str
    status: str
    basis: str
    confidence: float
    messages: int
    last_at: str


class PersonRow(BaseModel):
    """A person's contact in a period."""

    person: SomebodyRow
    as_staff: bool
    days: int
    pairs: list[PairLine]
    by_week: list[BarRow]
    by_hour: list[BarRow]
    findings: list[ContactFindingRow]
    raised: list[RaisedRow]
    addresses: list[str]
    accounts: list[AccountRow]


class PairRow(BaseModel):
    """A pair's contact in a period; `contact` as `chaperone contact show --json` prints it."""

    staff: SomebodyRow
    student: SomebodyRow
    days: int
    contact: dict[str, Any]
    raised: list[RaisedRow]
