"""The JSON of the register of tools."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.console.web.schemas import RequestBody

_DAY = "A day such as 2027-06-30"


class NewTool(RequestBody):
    """A tool to register, or to ask for. What is left out stays as it is."""

    domain: str = Field(max_length=300, description="Such as quiz.example.com; domains below it are included")
    name: str | None = Field(None, max_length=200)
    owner: str | None = Field(None, max_length=200, description="An address, a sourcedId or a name")
    building: str | None = Field(None, max_length=200, description='The sourcedId of an org, "" for the whole district')
    administrator_access: str | None = Field(
        None, max_length=200, description="Who has administrator access; without it the tool is only requested"
    )
    access_since: str | None = Field(None, max_length=40, description=_DAY)
    review: str | None = Field(None, max_length=40, description=_DAY)
    until: str | None = Field(None, max_length=40, description="The last day, or a time with its offset")


class ToolRow(BaseModel):
    """A tool of the register."""

    domain: str
    name: str
    owner: str
    building: str
    administrator_access: str
    access_since: str | None
    review: str | None
    until: str | None
    state: Literal["requested", "registered", "removed"]
    in_force: bool = Field(description="Registered, with administrator access, and not ended")
    requested_by: str
    changed_by: str
    changed_at: str


class ToolList(BaseModel):
    """Tools by domain."""

    items: list[ToolRow]
    next: str | None


class ToolUseRow(BaseModel):
    """How much a tool that is not registered is used."""

    domain: str = Field(description='"" where only its name was written')
    name: str
    messages: int
    pairs: int
    first_seen: str
    last_seen: str


class ToolUseList(BaseModel):
    """Tools in use that are not registered, the most used first."""

    items: list[ToolUseRow]
    next: str | None
