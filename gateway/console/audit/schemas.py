"""The JSON of the audit log."""

from __future__ import annotations

from pydantic import BaseModel, Field

from gateway.console.web.schemas import AuditEntryRow


class ChainedEntryRow(BaseModel):
    """One entry of the audit log in its place in the chain; `withheld` if you have a part in what it is about."""

    number: int
    previous: str
    hash: str
    at: float
    actor: str
    act: str
    subject: str
    detail: dict[str, object]
    whole: bool = Field(description="False: something is withheld or masked; `hash` is of the entry as the log has it")


class AuditLogPage(BaseModel):
    """Entries of the audit log in order."""

    items: list[ChainedEntryRow]
    next: str | None


class MessageHistory(BaseModel):
    """What happened to a message, in order."""

    items: list[AuditEntryRow]
    next: str | None
