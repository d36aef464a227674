"""Stores of accounts: how people and programs sign in, what is granted to them, and what they leave behind.

Every change is written in one transaction with its entry of the audit log. Secrets are stored as hashes only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.core.accounts.account import Passkey, Session, Token, User
from gateway.core.accounts.grant import Grant
from gateway.core.messages.followup import Followup
from gateway.core.policy.decision import AuditEntry

SECOND_STEP_SETUP_SECONDS = 900.0
"""Seconds in which the setup of a second step must be confirmed; after that it is deleted."""


class AccountStore(Protocol):
    """Accounts of the console."""

    async def add(self, user: User, password_hash: str, entry: AuditEntry) -> bool:
        """Add an account. Returns False if the name is taken."""

    async def find(self, name: str) -> tuple[User, str] | None:
        """An account with its password hash, disabled or not."""

    async def list_all(self) -> Sequence[User]:
        """Every account, by name."""

    async def set_password(
        self, name: str, password_hash: str, entry: AuditEntry, *, keep: str = "", tokens: bool = False
    ) -> bool:  # fmt: skip
        """Change a password. Ends all sessions but the one with the hash `keep`, and with `tokens` all API tokens.

        Returns False for an unknown name.
        """

    async def change(self, user: User, entry: AuditEntry) -> bool:
        """Set role, buildings and person of an account. Returns False for an unknown name."""

    async def enable(self, name: str, entry: AuditEntry) -> bool:
        """Let a disabled account sign in again. Returns False if it is not disabled."""

    async def disable(self, name: str, entry: AuditEntry) -> bool:
        """Disable an account and end its sessions and tokens. Returns False if it was disabled or is unknown."""


class IdentityStore(Protocol):
    """Accounts of people who sign in with the district's sign-in service."""

    async def user_of_subject(self, subject: str) -> User | None:
        """The account of the service's `sub` claim, disabled or not."""

    async def users_of_person(self, person: str) -> Sequence[User]:
        """The accounts of a person of the roster."""

    async def recognize(self, user: User, entry: AuditEntry) -> bool:
        """Add an account, or set its subject, role and buildings. Returns False if it belongs to another subject."""


class SessionStore(Protocol):
    """Signed-in browsers. The id of a session is the beginning of its hash."""

    async def start(
        self, session_hash: str, name: str, lifetime: float, name_hash: str, client: str, entry: AuditEntry | None, *,
        way: str = "", place: str = "",
    ) -> None:  # fmt: skip
        """Start a session of `lifetime` seconds and delete earlier failures of this name from this client.

        `way`: how the account signed in. `place`: where from, roughly. Without an audit entry, the session waits for
        the second step, and no failure is deleted.
        """

    async def find(self, session_hash: str) -> Session | None:
        """A session, unless its account is disabled. The caller checks its times."""

    async def touch(self, session_hash: str) -> None:
        """Record that a session was used now."""

    async def end(self, session_hash: str, entry: AuditEntry) -> None:
        """End a session."""

    async def of_user(self, name: str) -> Sequence[Session]:
        """The sessions of an account, the last used first. The caller checks their times."""

    async def end_by_id(self, name: str, id_: str, entry: AuditEntry) -> bool:
        """End one session of an account. Returns False if it has none with this id."""

    async def end_all(self, name: str, entry: AuditEntry, *, keep: str = "", way: str = "") -> int:
        """End the sessions of an account but the one with the hash `keep`; with `way`, only those opened that way.

        Returns how many ended.
        """

    async def end_waiting(self, session_hash: str) -> bool:
        """End a session that waits for its second step. Returns False if there is none."""


class SignInFailureStore(Protocol):
    """Refused sign-ins, counted by the hash of the name and by client."""

    async def record(self, name_hash: str, client: str, entry: AuditEntry) -> None:
        """Count a refused sign-in."""

    async def count(self, name_hash: str, client: str, since: float) -> tuple[int, int, int]:
        """Refused sign-ins since a time: of this name from this client, of this name, and from this client."""


class TokenStore(Protocol):
    """API tokens of accounts. The id of a token is the beginning of its hash."""

    async def add(self, token_hash: str, token: Token, entry: AuditEntry) -> None:
        """Add a token."""

    async def find(self, token_hash: str) -> tuple[User, Token] | None:
        """A token and its account, unless the account is disabled. The caller checks its times."""

    async def touch(self, token_hash: str) -> None:
        """Record that a token was used now."""

    async def list_all(self) -> Sequence[Token]:
        """Every token, by account."""

    async def revoke(self, id_: str, entry: AuditEntry) -> str | None:
        """End a token by its id. Returns the name of its account, None if there is no such token."""


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The second step of an account: time-based codes (RFC 6238).

    `since`: when it was confirmed, None before. `last`: the time step of the last used code; before the first code, the
    second in which the setup began. `recovery`: unused recovery codes.
    """

    secret: str
    since: float | None
    last: int
    recovery: int


class SecondStepStore(Protocol):
    """The second step of accounts that sign in with a password."""

    async def find(self, name: str) -> SecondStep | None:
        """The second step of an account, confirmed or being set up."""

    async def begin(self, name: str, secret: str) -> None:
        """Store a secret that a code is to confirm. A confirmed second step stays."""

    async def confirm(self, name: str, step: int, recovery: Sequence[str], entry: AuditEntry) -> bool:
        """Turn the second step on. `recovery`: hashes of single-use codes. Returns False if no setup is under way."""

    async def remove(self, name: str, entry: AuditEntry) -> bool:
        """Turn the second step off. Returns False if there was none."""

    async def use_code(self, name: str, step: int) -> bool:
        """Use up the code of a time step. Returns False if it, or a later one, was used before."""

    async def use_recovery_code(self, name: str, code_hash: str, entry: AuditEntry) -> bool:
        """Use up a recovery code. Returns False if there is no such code."""


class PasskeyStore(Protocol):
    """Passkeys of accounts."""

    async def of_user(self, name: str) -> Sequence[Passkey]:
        """The passkeys of an account, the oldest first."""

    async def add(self, passkey: Passkey, entry: AuditEntry) -> bool:
        """Add a passkey. Returns False if any account has this credential already."""

    async def find(self, id_: str) -> Passkey | None:
        """A passkey by its id, of any account."""

    async def record_use(self, id_: str, expected: int, count: int, *, asked: float | None = None) -> bool:
        """Set the signature counter to `count`. Returns False if it is not `expected` any more: it was used meanwhile.

        `asked`: when the challenge was made. Also returns False if the passkey was used at that time or later.
        """

    async def remove(self, name: str, id_: str, entry: AuditEntry) -> bool:
        """Delete a passkey of an account. Returns False if there is none."""


@dataclass(frozen=True, slots=True)
class GroupRole:
    """An account whose role comes from groups. `again`: the sealed refresh token to ask the service with."""

    user: User
    vouched_at: float
    again: str = field(repr=False)


class GroupRoleStore(Protocol):
    """When the sign-in service last confirmed the groups of an account."""

    async def record_check(self, name: str, again: str) -> None:
        """Record that the service confirmed the groups now. `again`: the sealed refresh token for the next time."""

    async def claim_due(self, before: float, lease: float, limit: int) -> Sequence[GroupRole]:
        """Claim accounts last confirmed before a time, for `lease` seconds: no other process asks about them."""

    async def stop_checking(self, name: str) -> None:
        """Delete the refresh token: the service cannot be asked until the next sign-in."""


class GrantStore(Protocol):
    """Content that is granted to auditors."""

    async def add(self, grant: Grant, entry: AuditEntry) -> int:
        """Add a grant and return its number."""

    async def active_for(self, user: str) -> Sequence[Grant]:
        """The grants of an account that are valid now."""

    async def page(self, before: int, limit: int) -> Sequence[Grant]:
        """All grants with a number below `before`, the newest first."""

    async def find(self, id_: int) -> Grant | None:
        """One grant by its number."""

    async def end(self, id_: int, by: str, entry: AuditEntry) -> bool:
        """End a grant now. Returns False if none is valid under this number."""


@dataclass(frozen=True, slots=True)
class OrphanedWork:
    """Held messages by id and open cases by number, each with the account that has it."""

    messages: Sequence[tuple[str, str]] = ()
    cases: Sequence[tuple[int, str]] = ()

    def __bool__(self) -> bool:
        return bool(self.messages or self.cases)


OrphanedNotices = Callable[[OrphanedWork], tuple[Sequence[Followup], Sequence[AuditEntry]]]
"""Makes the notices and audit entries for work that nobody has any more."""


class ReassignmentStore(Protocol):
    """Work of accounts that can no longer decide."""

    async def orphaned(self, roles: Collection[str], limit: int) -> OrphanedWork:
        """Held messages and open cases of accounts that are disabled, unknown, or have none of these roles."""

    async def unassign(self, work: OrphanedWork, notices: OrphanedNotices) -> OrphanedWork:
        """Unassign work that still belongs to the same account, and write what `notices` makes of it.

        Returns what was unassigned. Everything is written in one transaction.
        """


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """Links that were asked for lately: for one person, and by one client."""

    of_person: int
    of_client: int


class SignInLinkStore(Protocol):
    """Links by which staff sign in to see their own messages. Only hashes of their secrets are stored."""

    async def count(self, person: str, client: str, since: float) -> LinkCounts:
        """The links that were asked for since a time."""

    async def add(
        self, link_hash: str, person: str, client: str, lifetime: float, followups: Sequence[Followup],
        entry: AuditEntry | None,
    ) -> None:  # fmt: skip
        """Write a link that is valid for `lifetime` seconds, with its mail. Without a person it opens nothing."""

    async def use(self, link_hash: str) -> str:
        """Use up a link. Returns the sourcedId of its person; "" if it is unknown, used or too old."""
