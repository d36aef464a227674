"""The JSON of the queue."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.console.web.channel_names import ChannelFilter
from gateway.console.web.schemas import HeldRow, RequestBody


class HeldList(BaseModel):
    """A page of the queue, the earliest due first."""

    items: list[HeldRow]
    next: str | None


class QueueSearch(RequestBody):
    """What the queue is filtered by; "": not by this. A value that no message has matches nothing."""

    building: str = Field(default="", max_length=200, description="The sourcedId of an org")
    clause: str = Field(default="", max_length=40, description="A clause, or a word of `reasons`")
    direction: Literal["", "staff_to_student", "student_to_staff"] = ""
    channel: ChannelFilter = ""
    person: str = Field(default="", max_length=200, description="A sourcedId")
    state: Literal["", "free", "mine", "taken", "second"] = Field(default="", description="Who has it")
    age: Literal["", "today", "older", "overdue"] = ""
    text: str = Field(default="", max_length=200, description="Words of names, addresses, subject and text")
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=300, description="`next` of the page before")


class SavedView(RequestBody):
    """A saved view: the filters of the queue as a query string, such as `clause=7a&age=overdue`."""

    query: str = Field(max_length=2000)


class SavedViews(BaseModel):
    """The saved views of this account: query strings by name."""

    views: dict[str, str]
