"""The JSON of personal accounts, organizations and unknown addresses."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.console.web.schemas import RequestBody


class PersonalAccountRow(BaseModel):
    """An outside address as the personal account of a person (sourcedId). `basis`: known, name, local_part or reply."""

    address: str
    person: str
    name: str
    status: Literal["guessed", "confirmed", "refused"]
    basis: str
    confidence: float
    messages: int
    last_at: str
    decided_by: str
    decided_at: str | None
    reason: str


class PersonalAccountList(BaseModel):
    """Accounts, the last seen first."""

    items: list[PersonalAccountRow]
    next: str | None


class AccountDecision(RequestBody):
    """Whether an outside address is a personal account of a person: a sourcedId, or a district address."""

    address: str = Field(max_length=320)
    person: str = Field(max_length=320)
    status: Literal["confirmed", "refused"]
    reason: str = Field(default="", max_length=2000)


class UnknownAddressRow(BaseModel):
    """A district address that neither roster nor groups know, and how many messages had it."""

    address: str
    messages: int
    first_at: str
    last_at: str


class UnknownAddressList(BaseModel):
    """Unknown addresses, the most used first."""

    items: list[UnknownAddressRow]
    next: str | None


class NewOrganization(RequestBody):
    """An organization that may write to many students: an address or a domain."""

    name: str = Field(max_length=320)
    label: str = Field(default="", max_length=200)


class OrganizationRow(BaseModel):
    """A registered organization."""

    name: str
    label: str
    by: str


class OrganizationList(BaseModel):
    """Organizations by name."""

    items: list[OrganizationRow]
    next: str | None


class RemovedOrganization(BaseModel):
    """An organization that was removed."""

    name: str
    done: str
