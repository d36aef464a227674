"""The JSON of the API, as its OpenAPI describes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

IdText = Annotated[str, Field(description="The id of a message")]


class HeldRow(BaseModel):
    """One held message; `recipients` are the held ones that are yours."""

    id: str
    channel: Literal["mail", "sms"]
    direction: Literal["staff_to_student", "student_to_staff"]
    sender: str
    recipients: list[str]
    received_at: str
    due_at: str | None
    clauses: list[str]
    reasons: list[str]
    subject: str


class HeldList(BaseModel):
    """A page of the queue, the earliest due first."""

    items: list[HeldRow]
    next: str | None


class Search(BaseModel):
    """What the queue is narrowed to; "": not by this. A value that nothing has leaves nothing."""

    model_config = ConfigDict(extra="forbid")

    building: str = Field(default="", max_length=200, description="The sourcedId of an org")
    clause: str = Field(default="", max_length=40, description="A clause, or a word of `reasons`")
    direction: Literal["", "staff_to_student", "student_to_staff"] = ""
    channel: Literal["", "mail", "sms"] = ""
    state: Literal["", "free", "mine", "taken", "second"] = Field(default="", description="Who has it")
    age: Literal["", "today", "older", "overdue"] = ""
    text: str = Field(default="", max_length=200, description="Words of names, addresses, subject and text")
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=300, description="`next` of the page before")


class Tracing(BaseModel):
    """Which message: one of the three."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default="", max_length=64)
    message_id: str = Field(default="", max_length=1000)
    address: str = Field(default="", max_length=320)
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=300, description="`next` of the page before")


class Where(BaseModel):
    """One recipient's copy."""

    address: str
    state: Literal["received", "held", "queued", "sent", "bounced", "rejected", "discarded"]
    at: str


class TraceRow(BaseModel):
    """Where a message is: states and times, no content."""

    id: str
    message_id: str
    channel: Literal["mail", "sms"]
    direction: Literal["staff_to_student", "student_to_staff", "out_of_scope"]
    sender: str
    recipients: list[Where]
    sha256: str
    action: str
    clauses: list[str]


class TraceList(BaseModel):
    """Messages, the newest first."""

    items: list[TraceRow]
    next: str | None


class Decided(BaseModel):
    """Who decided on a recipient."""

    recipient: str
    by: str
    at: str
    state: str


class MessageRow(TraceRow):
    """A message without its content. `subject` is null for roles that see none."""

    received_at: str
    due_at: str | None
    reasons: list[str]
    subject: str | None
    decisions: list[Decided]


class SpanRow(BaseModel):
    """Where a finding was seen: code points of the text of a part, or of the subject."""

    part: str
    start: int
    end: int


class FindingRow(BaseModel):
    """One clause that was found; `about`: how the person is called whose information it is, "" where none is known."""

    clause: str
    score: float
    by: str
    cue: str
    quoted: bool
    about: str
    spans: list[SpanRow]


class PartRow(BaseModel):
    """One part of a message as text, files too; `failed`: words for what of a file could not be read."""

    part: str
    media_type: str
    filename: str
    text: str
    size: int
    failed: list[str]


class ContentRow(BaseModel):
    """What a message says and what was found in it. The view is in the audit log."""

    id: str
    subject: str
    parts: list[PartRow]
    findings: list[FindingRow]
    model: str | None
    policy: str
    available: bool = Field(description="False where the content is gone: its time was up")


class Decision(BaseModel):
    """Why; it goes into the audit log and the decision record."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=2000)


class Rejection(Decision):
    """Why, and what the sender is told instead of the usual words; "" for these."""

    words: str = Field(default="", max_length=4000)


class Opened(BaseModel):
    """The names of a message stand open to this account for an hour."""

    id: str
    names: Literal["open"]


class Done(BaseModel):
    """What was decided now."""

    id: str
    action: Literal["release", "reject", "discard"]
    recipients: list[str]


class Waits(Done):
    """The policy wants two people to agree, and this one was the first: nothing is decided yet."""

    waits_for: Literal["a second person"]


class ActRow(BaseModel):
    """One row of the audit log in its place in the chain; `withheld` where you have a part in what it is about."""

    number: int
    previous: str
    hash: str
    at: float
    actor: str
    act: str
    subject: str
    detail: dict[str, object]
    whole: bool = Field(description="False: something is withheld or covered; `hash` is of the row as the log keeps it")


class ActList(BaseModel):
    """Rows of the audit log in order."""

    items: list[ActRow]
    next: str | None


class Stats(BaseModel):
    """Counts; no content and no person. Those of the whole gateway are null where a building bounds what you see."""

    held: int
    oldest_held_seconds: float
    overdue: int
    by_clause: dict[str, int]
    by_direction: dict[str, int]
    deferred_recipients: int | None
    unpublished_messages: int | None
    unanswered_messages: int | None
