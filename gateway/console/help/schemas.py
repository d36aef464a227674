"""The JSON of help alerts."""

from __future__ import annotations

from pydantic import BaseModel


class AlertRow(BaseModel):
    """One alert that was sent for a call for help: the time and the receivers."""

    at: str
    to: list[str]


class JudgmentBody(BaseModel):
    """Whether an alert was right: `false` if the message was no call for help."""

    right: bool


class HelpAlertRow(BaseModel):
    """One call for help, with its alerts in order of time."""

    id: str
    received_at: str
    sender: str
    recipients: list[str]
    alerted: list[str]
    alerts: list[AlertRow]
    kinds: list[str]
    taken_by: str
    taken_at: str | None


class HelpAlertList(BaseModel):
    """Calls for help; those that nobody has taken up come first."""

    items: list[HelpAlertRow]
    next: str | None
