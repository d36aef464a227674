"""The JSON of tracing messages."""

from __future__ import annotations

from pydantic import BaseModel, Field

from gateway.console.web.schemas import RequestBody, TraceRow


class TraceQuery(RequestBody):
    """Which messages: give one of id, message_id and address."""

    id: str = Field(default="", max_length=64)
    message_id: str = Field(default="", max_length=1000)
    address: str = Field(default="", max_length=320)
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=300, description="`next` of the page before")


class TraceList(BaseModel):
    """Messages, the newest first."""

    items: list[TraceRow]
    next: str | None
