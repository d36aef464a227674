"""The JSON of delivered messages that people look at."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.console.web.channel_names import ChannelFilter
from gateway.console.web.schemas import ActionRow, HeldRow, RequestBody

Kind = Literal["flag", "sample", "shadow"]
OutcomeWord = Literal["fine", "violation"]


class FlaggedRow(HeldRow):
    """A delivered message that people look at; `recipients` are those that it is about and that are yours."""

    kind: Kind = Field(description="flagged by the policy, in the random sample, or would have been held (shadow mode)")
    state: Literal["open", "acknowledged"]
    taken_by: str
    outcome: OutcomeWord | None
    acknowledged_by: str
    acknowledged_at: str | None
    reason: str


class FlaggedList(BaseModel):
    """Delivered messages that people look at: the earliest due first, or the newest answer first."""

    items: list[FlaggedRow]
    next: str | None


class FlaggedSearch(RequestBody):
    """What the list is filtered by; "": not by this. A value that no message has matches nothing."""

    kind: Kind = "flag"
    building: str = Field(default="", max_length=200, description="The sourcedId of an org")
    clause: str = Field(default="", max_length=40, description="A clause, or a word of `reasons`")
    direction: Literal["", "staff_to_student", "student_to_staff"] = ""
    channel: ChannelFilter = ""
    person: str = Field(default="", max_length=200, description="A sourcedId")
    state: Literal["", "free", "mine", "taken"] = Field(default="", description="Who has it")
    age: Literal["", "today", "older", "overdue"] = ""
    text: str = Field(default="", max_length=200, description="Words of names, addresses, subject and text")
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=300, description="`next` of the page before")


class AcknowledgeBody(RequestBody):
    """What is said about a flagged message. Without an outcome, a call for help is taken up."""

    outcome: OutcomeWord | None = None
    reason: str = Field(default="", max_length=2000)


class AcknowledgedRow(ActionRow):
    """What was done; `outcome` is null for a call for help."""

    outcome: OutcomeWord | None = None


class AcknowledgeManyBody(RequestBody):
    """The same answer for several messages, such as near-duplicates."""

    ids: list[str] = Field(min_length=1, max_length=200)
    outcome: OutcomeWord
    reason: str = Field(default="", max_length=2000)


class LeftRow(BaseModel):
    """A message that was not acknowledged, and why."""

    id: str
    why: str


class AcknowledgedMany(BaseModel):
    """Which messages were acknowledged, and which were not."""

    done: list[str]
    left: list[LeftRow]


class ExampleBody(RequestBody):
    """Whether the message is an example in the board's report."""

    chosen: bool


class IntervalRow(BaseModel):
    """A share with its interval of 95 percent (Wilson); null for a share of nothing."""

    part: int
    whole: int
    share: float | None
    low: float | None
    high: float | None


class WeekRow(BaseModel):
    """Messages that would have been held, those decided as practice, and what reviewers would release of these."""

    held: int
    practiced: int
    would_release: IntervalRow


class ShiftRow(BaseModel):
    """How many messages would be held if all hold thresholds were moved by `shift`."""

    shift: float
    held: int
    by_clause: dict[str, int]


class ExampleRow(BaseModel):
    """A message that a reviewer chose, with names masked."""

    clauses: list[str]
    direction: str
    subject: str
    text: str
    outcome: OutcomeWord | None


class ShadowReportRow(BaseModel):
    """The shadow week, for the board. `measured`: reviewers' minutes are by their own pace, not assumed."""

    days: int
    until: str
    messages: int
    would_be_held: WeekRow
    by_clause: dict[str, WeekRow]
    by_building: dict[str, WeekRow]
    reviewers: int
    reviewer_minutes: float
    measured: bool
    thresholds: list[ShiftRow]
    examples: list[ExampleRow]
    cut: bool


class ChecklistRow(BaseModel):
    """One line of the checklist."""

    what: str
    done: bool
    found: str


class Checklist(BaseModel):
    """What is done and what is missing before messages are held."""

    items: list[ChecklistRow]
    next: None


class RatesRow(BaseModel):
    """How often the policy was right, of what people looked at in a number of days."""

    days: int
    flags_fine: IntervalRow = Field(description="Of the acknowledged flags, those that are fine: false flags")
    held_released: IntervalRow = Field(description="Of the decided holds, those that people released: false holds")
    clean_violations: IntervalRow = Field(description="Of the sampled clean messages, the violations: missed")
