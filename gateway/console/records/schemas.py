"""The JSON of records requests."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.console.web.schemas import RequestBody


class NewRecordsRequest(RequestBody):
    """Whose records, and who gets them."""

    person: str = Field(max_length=320, description="A sourcedId, an address or a number")
    redact: bool = Field(True, description="Mask other people, and leave out what must not be given out")


class RecordsRequestRow(BaseModel):
    """An export. The file can be fetched from `/records/{id}/file` while it is ready."""

    id: str
    person: str
    redact: bool
    by: str
    at: str
    state: Literal["running", "ready", "expired", "failed"]
    done: int
    total: int
    left_out: int | None
    manifest: str | None
    expires_at: str | None


class RecordsRequestList(BaseModel):
    """The exports that this process has made, the newest first."""

    items: list[RecordsRequestRow]
    next: str | None = None
