"""Accounts, sessions, sign-in and grants in the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.core.accounts.account import Passkey, Session, Token, User
from gateway.core.accounts.grant import Grant
from gateway.core.messages.followup import Followup
from gateway.core.policy.decision import AuditEntry


class AccountStore(Protocol):
    """Accounts of the console."""

    async def add(self, user: User, password_hash: str, act: AuditEntry) -> bool:
        """False where the name is taken."""

    async def find(self, name: str) -> tuple[User, str] | None:
        """An account with its password hash, disabled ones too."""

    async def list_all(self) -> Sequence[User]:
        """Every account, by name."""

    async def set_password(
        self, name: str, password_hash: str, act: AuditEntry, *, keep: str = "", tokens: bool = False
    ) -> bool:  # fmt: skip
        """Change a password and end the account's sessions but that of a hash, and its tokens where `tokens` asks.

        False for an unknown name.
        """

    async def disable(self, name: str, act: AuditEntry) -> bool:
        """End an account, its sessions and its tokens; False where there was nothing to end."""


class GrantStore(Protocol):
    """Content that is granted to auditors."""

    async def add(self, grant: Grant, act: AuditEntry) -> int:
        """A new grant; its number."""

    async def active_for(self, user: str) -> Sequence[Grant]:
        """The grants of an account that hold now."""

    async def page(self, before: int, limit: int) -> Sequence[Grant]:
        """Every grant with a number below `before`, the newest first."""

    async def find(self, id_: int) -> Grant | None:
        """One grant."""

    async def end(self, id_: int, by: str, act: AuditEntry) -> bool:
        """End a grant now; False where none holds under this number."""


SETTING_UP = 900.0
"""Seconds that a second step can be confirmed after it was begun; then it is gone."""


class SessionStore(Protocol):
    """Signed-in browsers."""

    async def start(
        self, digest: str, name: str, lasts: float, failures_of: str, client: str, act: AuditEntry | None, *,
        way: str = "", place: str = "",
    ) -> None:  # fmt: skip
        """Begin a session that ends after `lasts` seconds; earlier failures of this name from there are forgiven.

        `way`: by what it was opened; `place`: from where, in coarse words. Without an act it only waits for the second
        step, and nothing is forgiven.
        """

    async def find(self, digest: str) -> Session | None:
        """A session of an account that is not disabled; the caller looks at its times."""

    async def touch(self, digest: str) -> None:
        """A session was used."""

    async def end(self, digest: str, act: AuditEntry) -> None:
        """End a session."""

    async def of_user(self, name: str) -> Sequence[Session]:
        """Those that have not ended, the one used last first; the caller looks at their times."""

    async def end_by_id(self, name: str, id_: str, act: AuditEntry) -> bool:
        """End one session of an account; False where there is none of this id."""

    async def end_all(self, name: str, act: AuditEntry, *, keep: str = "", way: str = "") -> int:
        """End every session of an account, but that of a hash; with a `way` only those opened by it. How many ended."""

    async def end_waiting(self, digest: str) -> bool:
        """End a session that waits for its second step; False where there is none."""


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The second step of an account's signing in: codes by time. `since` is None until a first code confirmed it.

    `last` is the step of time whose code was used last, the second in which it was begun where none was yet;
    `recovery` how many codes for an emergency are left.
    """

    secret: str
    since: float | None
    last: int
    recovery: int


class IdentityStore(Protocol):
    """Accounts of people who sign in by the district's sign-in service."""

    async def user_of_subject(self, subject: str) -> User | None:
        """The account that the service means by a subject, a disabled one too."""

    async def users_of_person(self, person: str) -> Sequence[User]:
        """The accounts of a person of the roster."""

    async def recognize(self, user: User, act: AuditEntry) -> bool:
        """Make an account or give it its subject, role and buildings; False where it is another subject's."""


class PasskeyStore(Protocol):
    """Passkeys of accounts."""

    async def of_user(self, name: str) -> Sequence[Passkey]:
        """Those of an account, the oldest first."""

    async def add(self, passkey: Passkey, act: AuditEntry) -> bool:
        """Keep one; False where the device's key is known already, whoever has it."""

    async def find(self, id_: str) -> Passkey | None:
        """One by its id, whosever it is; None where none has it."""

    async def record_use(self, id_: str, was: int, count: int, *, asked: float | None = None) -> bool:
        """Note that it was used; False where its count is not `was` any more: somebody else used it meanwhile.

        `asked`: when it was asked for; False where it was used at that time or since.
        """

    async def remove(self, name: str, id_: str, act: AuditEntry) -> bool:
        """Forget one of an account; False where there is none."""


@dataclass(frozen=True, slots=True)
class GroupRole:
    """An account whose role is that of groups; `again`: with what the service can be asked again, sealed."""

    user: User
    vouched_at: float
    again: str = field(repr=False)


class GroupRoleStore(Protocol):
    """When the sign-in service last confirmed the groups of an account."""

    async def record_check(self, name: str, again: str) -> None:
        """It said so now."""

    async def claim_due(self, before: float, lasts: float, limit: int) -> Sequence[GroupRole]:
        """Claim for `lasts` seconds accounts it vouched for before a time: nobody else asks about these meanwhile."""

    async def stop_checking(self, name: str) -> None:
        """There is nothing to ask it with until somebody signs in again."""


@dataclass(frozen=True, slots=True)
class OrphanedWork:
    """Held messages by id, and open cases by number, each with the account that has it."""

    messages: Sequence[tuple[str, str]] = ()
    cases: Sequence[tuple[int, str]] = ()

    def __bool__(self) -> bool:
        return bool(self.messages or self.cases)


OrphanedNotices = Callable[[OrphanedWork], tuple[Sequence[Followup], Sequence[AuditEntry]]]
"""Which letters and acts follow from what is free now."""


class ReassignmentStore(Protocol):
    """Work of accounts that can no longer decide."""

    async def orphaned(self, roles: Collection[str], limit: int) -> OrphanedWork:
        """Held messages and open cases of accounts that are disabled, gone, or have none of these roles."""

    async def unassign(self, given: OrphanedWork, left: OrphanedNotices) -> OrphanedWork:
        """Nobody has these any more, as far as nobody else has taken them; what `left` makes of it comes with it."""


class SignInFailureStore(Protocol):
    """Refused sign-ins."""

    async def record(self, failures_of: str, client: str, act: AuditEntry) -> None:
        """Count a sign-in that was refused."""

    async def count(self, failures_of: str, client: str, since: float) -> tuple[int, int, int]:
        """How many sign-ins were refused since a time: under this name from there, under this name, from there."""


class TokenStore(Protocol):
    """API tokens of accounts."""

    async def add(self, digest: str, token: Token, act: AuditEntry) -> None:
        """Keep a new token."""

    async def find(self, digest: str) -> tuple[User, Token] | None:
        """A token with its account, unless that is disabled; the caller looks at its times."""

    async def touch(self, digest: str) -> None:
        """A token was used."""

    async def list_all(self) -> Sequence[Token]:
        """Every token, by account."""

    async def revoke(self, id_: str, act: AuditEntry) -> str | None:
        """End a token by its id; whose it was, None where there is none."""


class SecondStepStore(Protocol):
    """The second step of signing in with a password."""

    async def find(self, name: str) -> SecondStep | None:
        """An account's second step, confirmed or begun a short while ago."""

    async def begin(self, name: str, secret: str) -> None:
        """A secret that a code will confirm; one that is confirmed already stays."""

    async def confirm(self, name: str, step: int, recovery: Sequence[str], act: AuditEntry) -> bool:
        """From now on it is asked for; `recovery`: hashes of codes that work once each. False where none was begun."""

    async def remove(self, name: str, act: AuditEntry) -> bool:
        """It is asked for no more."""

    async def use_code(self, name: str, step: int) -> bool:
        """Use up the code of a step of time; False where it, or a later one, was used before."""

    async def use_recovery_code(self, name: str, code: str, act: AuditEntry) -> bool:
        """Use up a code for an emergency, by its hash; False where there is no such code left."""
