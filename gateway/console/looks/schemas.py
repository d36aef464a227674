"""The JSON of requests for another look."""

from __future__ import annotations

from pydantic import BaseModel, Field

from gateway.console.web.schemas import RequestBody


class LookRequestRow(BaseModel):
    """A sender asks for another look at a message."""

    id: str
    at: str
    words: str
    states: list[str]
    clauses: list[str]


class LookRequestList(BaseModel):
    """Requests that nobody has answered, the oldest first."""

    items: list[LookRequestRow]
    next: str | None


class LookAnswer(RequestBody):
    """What the sender reads."""

    text: str = Field(max_length=2000)
