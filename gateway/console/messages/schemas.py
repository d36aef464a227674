"""The JSON of messages, their content, and the conversation around them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.console.web.channel_names import ChannelName
from gateway.console.web.schemas import RequestBody, TraceRow


class DecisionRow(BaseModel):
    """Who decided on a recipient's copy."""

    recipient: str
    by: str
    at: str
    state: str


class NoteRow(BaseModel):
    """What counters said at a message, in words with its numbers. `flags`: over a limit."""

    clause: str
    text: str
    flags: bool


class MessageRow(TraceRow):
    """A message without its content. `subject` is null for roles that see no content."""

    received_at: str
    due_at: str | None
    reasons: list[str]
    subject: str | None
    notes: list[NoteRow]
    decisions: list[DecisionRow]


class SpanRow(BaseModel):
    """Where a finding is: code points of the text of a part, or of the subject."""

    part: str
    start: int
    end: int


class FindingRow(BaseModel):
    """One clause that was found; `about` names the person whose information it is, "" if nobody is known."""

    clause: str
    score: float
    by: str
    cue: str
    quoted: bool
    about: str
    spans: list[SpanRow]


class PartRow(BaseModel):
    """One part of a message as text, files too; `failed` has words for what of a file could not be read."""

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
    available: bool = Field(description="False if the content is gone because its retention time has passed")


class RevealBody(RequestBody):
    """Why the names are needed, for the audit log."""

    reason: str = Field(max_length=2000)


class RevealedRow(BaseModel):
    """The names of a message are visible to this account for an hour."""

    id: str
    names: Literal["open"]


class ConversationRow(BaseModel):
    """One message of a conversation, with its beginning."""

    id: str
    channel: ChannelName
    sender: str
    recipients: list[str]
    at: str
    subject: str
    excerpt: str
    states: list[str]


class ConversationPage(BaseModel):
    """The messages around one, over all channels, in order of time; it continues at the cursors of both sides."""

    items: list[ConversationRow]
    earlier: str | None
    later: str | None
    next: str | None


class ListedRow(TraceRow):
    """A message that was decided, with its subject."""

    subject: str
    decided_at: str


class MessageList(BaseModel):
    """Messages, the newest first."""

    items: list[ListedRow]
    next: str | None
