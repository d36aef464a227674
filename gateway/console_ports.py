"""The ports of the console: what its pages and its API ask of the store beside the ports of the stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.account import Session, Token, User
from gateway.core.audit import Linked
from gateway.core.decision import Act
from gateway.core.moderation import Neighbour, Noticed


class Recall(Protocol):
    """Decisions of a person, taken back while nothing of them has left."""

    async def recall(self, message_id: str, by: str, act: Act) -> tuple[str, ...]:
        """Hold again what `by` released, rejected or discarded `after` some seconds that have not passed.

        The recipients that are held again; what was to follow goes, and the act is recorded, in one transaction.
        """


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked under an idempotency key (a hash), and what was answered; no status: it is being answered."""

    request: str
    status: int | None
    body: str


class Lists(Protocol):
    """What the console lists beside the queue, and what it remembers of it."""

    async def held_mark(self) -> object:
        """Something that changes whenever the queue of held messages does."""

    async def noticed(self, action: str, since: float, before: float, limit: int) -> Sequence[Noticed]:
        """Delivered messages whose action is alert or flag, or hold where it came too late; the newest first."""

    async def around(self, message_id: str, each_side: int) -> Sequence[Neighbour]:
        """The conversations of a message around it, in order of time, itself included."""

    async def acts_about(self, subject: str, limit: int) -> Sequence[Act]:
        """What the audit log says of one subject, the newest first, linked or not."""

    async def newest_acts(self, before: int, limit: int) -> Sequence[Linked]:
        """Linked rows of the audit log with a number below `before`, the newest first."""

    async def acknowledge(self, message_id: str, name: str, act: Act) -> bool:
        """Note who took a call for help up; False where somebody had before."""

    async def ask(self, user: str, key: str, request: str) -> Answer | None:
        """Reserve an idempotency key of a user; what is known of it where it was used before."""

    async def answer(self, user: str, key: str, status: int | None, body: str) -> None:
        """Remember the answer to a request; None: forget it, for nothing came of it."""


class Accounts(Protocol):
    """Accounts of the console. Every change is written with its entry of the audit log.

    `digest` is the hash of a session's or token's secret, `failures_of` that of the name which was tried.
    """

    async def add_user(self, user: User, password_hash: str, act: Act) -> bool:
        """False where the name is taken."""

    async def user(self, name: str) -> tuple[User, str] | None:
        """An account with its password hash, disabled ones too."""

    async def users(self) -> Sequence[User]:
        """Every account, by name."""

    async def set_password(self, name: str, password_hash: str, act: Act) -> bool:
        """Change a password and end the account's sessions; False for an unknown name."""

    async def disable(self, name: str, act: Act) -> bool:
        """End an account, its sessions and its tokens; False where there was nothing to end."""

    async def sign_in(self, digest: str, name: str, lasts: float, failures_of: str, client: str, act: Act) -> None:
        """Begin a session that ends after `lasts` seconds; earlier failures of this name from there are forgiven."""

    async def session(self, digest: str) -> Session | None:
        """A session of an account that is not disabled; the caller looks at its times."""

    async def touch(self, digest: str) -> None:
        """A session was used."""

    async def sign_out(self, digest: str, act: Act) -> None:
        """End a session."""

    async def refused_sign_in(self, failures_of: str, client: str, act: Act) -> None:
        """Count a sign-in that was refused."""

    async def failures(self, failures_of: str, client: str, since: float) -> tuple[int, int]:
        """How many sign-ins were refused since a time: under this name, and from this client."""

    async def add_token(self, digest: str, token: Token, act: Act) -> None:
        """Keep a new token."""

    async def token(self, digest: str) -> tuple[User, Token] | None:
        """A token with its account, unless that is disabled; the caller looks at its times."""

    async def tokens(self) -> Sequence[Token]:
        """Every token, by account."""

    async def revoke_token(self, id_: str, act: Act) -> str | None:
        """End a token by its id; whose it was, None where there is none."""
