"""The JSON of messages that ask for attention."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class AttentionItem(BaseModel):
    """A message that asks for attention: no content."""

    id: str
    kind: Literal["urgent", "distress"]
    since: str
    due_at: str | None = Field(description="When somebody should have looked at it; null: now")
    clauses: list[str]
    severity: str
    sender: str
    recipients: list[str]
    states: list[str]
    taken_by: str


class AttentionList(BaseModel):
    """Messages that ask for attention."""

    items: list[AttentionItem]
    next: str | None
