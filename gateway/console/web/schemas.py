"""JSON that every feature of the API shares."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class RequestBody(BaseModel):
    """The body of a request. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class ProblemRow(BaseModel):
    """What went wrong and what can be done (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    missing: list[str] = Field(default=[], description="What the policy asks for and the request left empty")
