"""The JSON of reviewing: claims, comments, calls for help, saved views, cases, evidence, legal holds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.console.messages.schemas import HeldRow, TraceRow
from gateway.console.web.schemas import AuditEntryRow, RequestBody


class Longer(RequestBody):
    """How much longer a message is to be held, from now."""

    hold_for: Literal["1h", "4h", "1d", "3d", "7d"] = Field(alias="for")
    reason: str = Field(default="", max_length=2000)


class Giving(RequestBody):
    """Who is to decide: an account, "" for nobody. `instead_of`: who is known to have it; null: whoever has it."""

    to: str = Field(max_length=200)
    instead_of: str | None = Field(default=None, max_length=200)
    reason: str = Field(default="", max_length=2000)


class View(RequestBody):
    """A saved view: the filters of the queue as a query, such as `clause=7a&age=overdue`."""

    query: str = Field(max_length=2000)


class Changed(BaseModel):
    """It was done."""

    id: str
    done: str


class HeldLonger(BaseModel):
    """The recipients that are due at another time now."""

    id: str
    recipients: list[str]


class Acts(BaseModel):
    """What happened."""

    items: list[AuditEntryRow]
    next: str | None


class Needed(BaseModel):
    """What the policy asks of a decision; `clauses`: those that want a second person to agree."""

    reason: bool
    second_person: bool
    clauses: list[str]


class Handled(BaseModel):
    """Who has a held message, which decision waits for a second person, and what each would need."""

    id: str
    taken_by: str
    taken_at: str | None
    proposed: str | None
    proposed_by: str | None
    proposed_reason: str | None
    cannot_agree: str | None = Field(description="Why you cannot agree with it; empty where you can, null without one")
    needs: dict[Literal["release", "reject", "discard", "hold", "assign"], Needed]
    usual_words: str = Field(description="What the sender is told of a rejection unless `words` say something else")
    put_off_until: str = Field(description="When it is due at the latest, however often it is held longer")
    cases: list[int]
    legal_hold: str | None = Field(description="The reason of its legal hold; null where it has none")


class Spoken(BaseModel):
    """One message of a conversation, by its beginning."""

    id: str
    channel: Literal["mail", "sms"]
    sender: str
    recipients: list[str]
    at: str
    subject: str
    excerpt: str
    states: list[str]


class Conversation(BaseModel):
    """The messages around one, over both channels, in order of time; it goes on at the cursors of both sides."""

    items: list[Spoken]
    earlier: str | None
    later: str | None
    next: str | None


class Alert(BaseModel):
    """One alert that went out for a call for help: when, and to whom."""

    at: str
    to: list[str]


class Judged(BaseModel):
    """What a person says of an alert: it was right, or the message was no call for help."""

    right: bool


class Call(BaseModel):
    """One call for help, with its alerts in the order of time."""

    id: str
    received_at: str
    sender: str
    recipients: list[str]
    alerted: list[str]
    alerts: list[Alert]
    kinds: list[str]
    taken_by: str
    taken_at: str | None


class Calls(BaseModel):
    """Calls for help: those that nobody has taken up first."""

    items: list[Call]
    next: str | None


class NoticedRow(TraceRow):
    """A message that was decided, with its subject."""

    subject: str
    decided_at: str


class NoticedList(BaseModel):
    """Messages, the newest first."""

    items: list[NoticedRow]
    next: str | None


class Views(BaseModel):
    """Saved views of this account: queries by name."""

    views: dict[str, str]


# --- mailings --------------------------------------------------------------------------------------------------------


class MailingRow(HeldRow):
    """One message of a mailing with its beginning, and the words that the first one does not say."""

    beginning: str
    differs: list[str]


class Mailing(BaseModel):
    """A mailing that is held many times over."""

    items: list[MailingRow]
    next: str | None


class Together(RequestBody):
    """What is to be done with which messages, why, and what the senders of rejected ones are told; "" for the usual."""

    ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=200)
    deed: Literal["release", "reject"]
    reason: str = Field(default="", max_length=2000)
    words: str = Field(default="", max_length=4000)


class Left(BaseModel):
    """A message that was not decided, and why."""

    id: str
    why: str


class DecidedTogether(BaseModel):
    """What was decided, and for how many seconds it can be taken back."""

    done: list[str]
    left: list[Left]
    undo_seconds: float


class TakingBack(RequestBody):
    """Which decisions are to be taken back."""

    ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=200)
