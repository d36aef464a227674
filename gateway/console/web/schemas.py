"""JSON that several features of the API share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.console.web.channel_names import ChannelName
from gateway.core.policy.decision import AuditEntry
from gateway.core.serialization.json_fields import rfc3339


class RequestBody(BaseModel):
    """The body of a request. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class ReasonBody(RequestBody):
    """A reason, for the audit log."""

    reason: str = Field(default="", max_length=2000)


class TextBody(RequestBody):
    """A comment or a note. It is kept permanently."""

    text: str = Field(max_length=4000)


class MessageIds(BaseModel):
    """The messages that were changed."""

    messages: list[str]


class AuditEntryRow(BaseModel):
    """One entry of the audit log, without its place in the chain."""

    at: str
    actor: str
    act: str
    subject: str
    detail: dict[str, object]


def audit_entry_row(entry: AuditEntry) -> dict[str, object]:
    """The values of an `AuditEntryRow`."""
    return {
        "at": rfc3339(entry.at), "actor": entry.actor, "act": entry.act, "subject": entry.subject,
        "detail": dict(entry.detail),
    }  # fmt: skip


class ProblemRow(BaseModel):
    """What went wrong and what can be done about it (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    missing: list[str] = Field(default=[], description="What the policy requires and the request left empty")


class HeldRow(BaseModel):
    """One held message; `recipients` are the held ones that are yours."""

    id: str
    channel: ChannelName
    direction: Literal["staff_to_student", "student_to_staff"]
    sender: str
    recipients: list[str]
    received_at: str
    due_at: str | None
    clauses: list[str]
    reasons: list[str]
    subject: str


class RecipientRow(BaseModel):
    """One recipient's copy."""

    address: str
    state: Literal["received", "held", "queued", "sent", "bounced", "rejected", "discarded"]
    at: str


class TraceRow(BaseModel):
    """Where a message is: states and times, no content."""

    id: str
    message_id: str
    channel: ChannelName
    direction: Literal["staff_to_student", "student_to_staff", "out_of_scope"]
    sender: str
    recipients: list[RecipientRow]
    sha256: str
    action: str
    clauses: list[str]


class ActionRow(BaseModel):
    """What was done with a message."""

    id: str
    done: str
