"""The JSON of one's own account: who it is, sessions, passkeys, tokens."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.console.web.schemas import RequestBody


class Password(RequestBody):
    """The account's password, given once more."""

    password: str = Field(max_length=512)


class NewPassword(Password):
    """The account's password, and a new one."""

    new: str = Field(max_length=512)
    end_tokens: bool = Field(False, description="End every token of the account too, the one that asks with them")


class Code(RequestBody):
    """Six digits of an authenticator."""

    code: str = Field(max_length=20)


class NewToken(Password):
    """What a new token may do and how long it lasts."""

    may: Literal["read", "decide"] = "read"
    lasts: Literal["7d", "30d", "90d", "365d"] = "30d"


class Me(BaseModel):
    """Whose token it is, and what it may do."""

    name: str
    role: str
    buildings: list[str]
    person: str = Field(description='The sourcedId of who the account belongs to, "" for none')
    rights: list[str]
    token: str = Field(description="The id of the token that asks")
    token_reads_only: bool
    token_expires_at: str | None
    by_password: bool
    codes: bool = Field(description="A code is asked for at sign-in")
    emergency_codes_left: int
    passkeys: int


class CodesBegun(BaseModel):
    """What an authenticator keeps; it counts once a code of it was given."""

    secret: str
    address: str


class CodesConfirmed(BaseModel):
    """Codes that work once each when the phone is gone; shown now and never again."""

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
    """Where one is signed in, what was used last first."""

    items: list[SessionRow]
    next: str | None


class Ended(BaseModel):
    """How many sessions ended."""

    ended: int


class PasskeyRow(BaseModel):
    """A passkey."""

    id: str
    name: str
    added_at: str
    used_at: str | None


class PasskeyList(BaseModel):
    """Passkeys, the oldest first."""

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
    """One's own tokens; a technology director's list has everybody's."""

    items: list[TokenRow]
    next: str | None


class TokenMade(TokenRow):
    """A new token; `secret` is shown now and never again."""

    secret: str


class Gone(BaseModel):
    """What was ended or removed."""

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
