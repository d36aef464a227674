"""The JSON of cases."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.console.web.schemas import AuditEntryRow, RequestBody

Severity = Literal["low", "medium", "high", "critical"]
Outcome = Literal["internal_discipline", "law_enforcement", "board_of_educational_examiners", "unfounded"]
Seconds = Annotated[float, Field(ge=0, lt=4e10)]
MessageIdText = Annotated[str, Field(max_length=64)]


class NewCase(RequestBody):
    """A new case. No names in the title: lists show it."""

    title: str = Field(min_length=1, max_length=200)
    severity: Severity = "medium"
    assignee: str = Field(default="", max_length=200)
    due_at: Seconds | None = Field(default=None, description="Seconds since the epoch")
    messages: list[MessageIdText] = Field(default=[], max_length=200)


class CaseChange(RequestBody):
    """New values of a case. What is left out stays as it is."""

    title: str | None = Field(default=None, min_length=1, max_length=200)
    severity: Severity | None = None
    assignee: str | None = Field(default=None, max_length=200)
    due_at: Seconds | None = Field(default=None, description="Seconds since the epoch; 0: none")


class CaseMessages(RequestBody):
    """Messages to add to a case."""

    messages: list[MessageIdText] = Field(min_length=1, max_length=200)


class CaseClosing(RequestBody):
    """How a case ended: what was done, and who was informed."""

    outcome: Outcome
    reason: str = Field(min_length=1, max_length=2000)


class CaseRow(BaseModel):
    """One case."""

    id: int
    title: str
    severity: str
    assignee: str
    due_at: str | None
    opened_by: str
    opened_at: str
    outcome: str | None
    closed_by: str | None
    closed_at: str | None
    messages: list[str]


class CaseList(BaseModel):
    """Cases, newest first."""

    items: list[CaseRow]
    next: str | None


class CaseDetail(CaseRow):
    """One case with its timeline and the legal holds on its messages."""

    timeline: list[AuditEntryRow]
    legal_holds: dict[str, str] = Field(description="Reasons, by message")
