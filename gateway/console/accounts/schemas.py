"""The JSON of a person's own account: sign-in, sessions, passkeys, tokens; and of grants."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.console.web.schemas import RequestBody


class PasswordBody(RequestBody):
    """The account's password."""

    password: str = Field(max_length=512)


class NewPassword(PasswordBody):
    """The account's current password, and a new one."""

    new: str = Field(max_length=512)
    end_tokens: bool = Field(False, description="End every token of the account too, also the one of this request")


class CodeBody(RequestBody):
    """Six digits from an authenticator app."""

    code: str = Field(max_length=20)


class NewToken(PasswordBody):
    """What a new token may do, and how long it is valid."""

    may: Literal["read", "decide"] = "read"
    lasts: Literal["7d", "30d", "90d", "365d"] = "30d"


class OwnAccount(BaseModel):
    """The account of the token, and what the token may do."""

    name: str
    role: str
    buildings: list[str]
    person: str = Field(description='The sourcedId of the person whose account it is, "" for none')
    rights: list[str]
    token: str = Field(description="The id of this request's token")
    token_reads_only: bool
    token_expires_at: str | None
    by_password: bool
    codes: bool = Field(description="A code is required at sign-in")
    emergency_codes_left: int
    passkeys: int


class CodeSetup(BaseModel):
    """The secret for an authenticator app. It counts once a code confirms it."""

    secret: str
    address: str


class RecoveryCodes(BaseModel):
    """Codes for when the phone is lost. Each works once. They are shown only now."""

    emergency_codes: list[str]


class SessionRow(BaseModel):
    """A browser that is signed in."""

    id: str
    place: str
    way: str
    began_at: str
    used_at: str
    ends_at: str


class SessionList(BaseModel):
    """The account's sessions, last used first."""

    items: list[SessionRow]
    next: str | None


class EndedCount(BaseModel):
    """How many sessions ended."""

    ended: int


class PasskeyRow(BaseModel):
    """A passkey."""

    id: str
    name: str
    added_at: str
    used_at: str | None


class PasskeyList(BaseModel):
    """Passkeys, oldest first."""

    items: list[PasskeyRow]
    next: str | None


class TokenRow(BaseModel):
    """A token without its secret."""

    id: str
    user: str
    may: Literal["read", "decide"]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    used_at: str | None


class TokenList(BaseModel):
    """The account's tokens; for a technology director, everybody's."""

    items: list[TokenRow]
    next: str | None


class CreatedToken(TokenRow):
    """A new token. Its `secret` is shown only now."""

    secret: str


class RemovedId(BaseModel):
    """The id of what was ended or removed."""

    id: str


class NewGrant(RequestBody):
    """Content for an auditor. `about`: the id of a message, a case such as `case-12`, or "" for everything."""

    to: str = Field(max_length=200)
    about: str = Field(default="", max_length=64)
    lasts: Literal["1h", "8h", "1d", "7d", "30d"] = Field(alias="for")
    reason: str = Field(max_length=2000)


class GrantRow(BaseModel):
    """What an auditor may read, and until when."""

    id: int
    to: str
    about: str
    by: str
    reason: str
    at: str
    until: str
    ended_at: str | None


class GrantList(BaseModel):
    """Grants, newest first."""

    items: list[GrantRow]
    next: str | None
