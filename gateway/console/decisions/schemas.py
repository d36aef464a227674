"""The JSON of decisions, claims, and near-duplicates."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.console.web.schemas import HeldRow, RequestBody


class DecisionBody(RequestBody):
    """Why; the reason goes into the audit log and the decision record."""

    reason: str = Field(max_length=2000)


class RejectionBody(DecisionBody):
    """Why, and what the sender reads instead of the usual words; "" for these."""

    words: str = Field(default="", max_length=4000)


class DecisionDone(BaseModel):
    """What was decided now."""

    id: str
    action: Literal["release", "reject", "discard"]
    recipients: list[str]


class DecisionWaiting(DecisionDone):
    """The policy wants two people to agree, and this one was the first: nothing is decided yet."""

    waits_for: Literal["a second person"]


class HoldLongerBody(RequestBody):
    """How much longer a message is to be held, from now."""

    hold_for: Literal["1h", "4h", "1d", "3d", "7d"] = Field(alias="for")
    reason: str = Field(default="", max_length=2000)


class RecipientsChanged(BaseModel):
    """The recipients whose copies were changed."""

    id: str
    recipients: list[str]


class AssignBody(RequestBody):
    """Who is to decide: an account, "" for nobody. `instead_of`: the account that has it; null: whichever has it."""

    to: str = Field(max_length=200)
    instead_of: str | None = Field(default=None, max_length=200)
    reason: str = Field(default="", max_length=2000)


class RequirementsRow(BaseModel):
    """What the policy asks of a decision; `clauses`: those that want a second person to agree."""

    reason: bool
    second_person: bool
    clauses: list[str]


class ReviewRow(BaseModel):
    """Who has a held message, which decision waits for a second person, and what each action needs."""

    id: str
    taken_by: str
    taken_at: str | None
    proposed: str | None
    proposed_by: str | None
    proposed_reason: str | None
    cannot_agree: str | None = Field(description="Why you cannot agree with it; empty if you can, null without one")
    needs: dict[Literal["release", "reject", "discard", "hold", "assign"], RequirementsRow]
    usual_words: str = Field(description="What the sender reads about a rejection unless `words` say something else")
    put_off_until: str = Field(description="When it is due at the latest, however often it is held longer")
    cases: list[int]
    legal_hold: str | None = Field(description="The reason of its legal hold; null if it has none")


class NearDuplicateRow(HeldRow):
    """One near-duplicate with its beginning, and the words that the first message does not have."""

    beginning: str
    differs: list[str]


class NearDuplicateList(BaseModel):
    """Held near-duplicates."""

    items: list[NearDuplicateRow]
    next: str | None


class BulkDecisionBody(RequestBody):
    """Which messages to release or reject, why, and what the senders of rejected ones read; "" for the usual words."""

    ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=200)
    deed: Literal["release", "reject"]
    reason: str = Field(default="", max_length=2000)
    words: str = Field(default="", max_length=4000)


class NotDecidedRow(BaseModel):
    """A message that was not decided, and why."""

    id: str
    why: str


class BulkResultRow(BaseModel):
    """What was decided, and for how many seconds it can be undone."""

    done: list[str]
    left: list[NotDecidedRow]
    undo_seconds: float


class BulkUndoBody(RequestBody):
    """Which decisions to undo."""

    ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=200)
