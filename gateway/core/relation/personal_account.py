"""Outside addresses as personal accounts: what is guessed, what administrators said, and who may write to many."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.core.messages.parties import AccountBasis


class AccountStatus(StrEnum):
    """What is said about an address and a person."""

    GUESSED = "guessed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An outside address as the personal account of a person (sourcedId).

    `messages`: how often it was guessed, the last time at `last_at`. `decided_by` and `decided_at` are "" and 0 while
    it is only guessed.
    """

    address: str
    person: str
    status: AccountStatus
    basis: AccountBasis
    confidence: float = 1.0
    messages: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    decided_by: str = ""
    decided_at: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization that may write to many students: an address or a domain, and what it is."""

    name: str
    label: str
    decided_by: str = ""
    decided_at: float = 0.0
