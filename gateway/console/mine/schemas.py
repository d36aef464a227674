"""The JSON of one's own messages."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.console.web.schemas import RequestBody


class OwnRecipient(BaseModel):
    """A recipient, and where their copy is. `checked`: nobody has to do anything yet."""

    address: str
    state: Literal["checked", "waiting", "queued", "sent", "bounced", "rejected", "asked", "discarded"]
    at: str


class OwnReason(BaseModel):
    """A clause that a message was not delivered for."""

    clause: str
    title: str
    advice: str


class OwnMessageRow(BaseModel):
    """A message that the account's person sent. `look`: the answer to a request for another look, if one was made."""

    id: str
    channel: str
    received_at: str
    recipients: list[OwnRecipient]
    reasons: list[OwnReason]
    words: str
    look: Literal["", "asked", "answered"]
    answer: str
    sent_again_as: str
    may_ask: bool
    may_send_again: bool


class OwnMessageList(BaseModel):
    """The messages, the newest first."""

    items: list[OwnMessageRow]
    next: str | None


class OwnTextRow(BaseModel):
    """The text of a message that was not delivered."""

    id: str
    subject: str
    text: str
    files: bool


class LookRequest(RequestBody):
    """A request for another look. `words`: what reviewers should know."""

    words: str = Field(default="", max_length=1000)


class CorrectedText(RequestBody):
    """A text to send instead."""

    subject: str = Field(default="", max_length=200)
    text: str = Field(max_length=20_000)


class SentAgain(BaseModel):
    """The id of the message that was sent instead."""

    id: str
    sent_as: str
