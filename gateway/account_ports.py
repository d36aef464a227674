"""The ports of accounts: sessions, second steps, passkeys, whose role is that of groups, and what they leave behind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.core.account import Passkey, Session, User
from gateway.core.decision import Act
from gateway.core.followup import Followup

SETTING_UP = 900.0
"""Seconds that a second step can be confirmed after it was begun; then it is gone."""


class Sessions(Protocol):
    """Signed-in browsers of an account. `id` is the beginning of a session's hash."""

    async def sessions_of(self, name: str) -> Sequence[Session]:
        """Those that have not ended, the one used last first; the caller looks at their times."""

    async def end_session(self, name: str, id_: str, act: Act) -> bool:
        """End one session of an account; False where there is none of this id."""

    async def end_sessions(self, name: str, act: Act, *, keep: str = "", way: str = "") -> int:
        """End every session of an account, but that of a hash; with a `way` only those opened by it. How many ended."""


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


class Identities(Protocol):
    """Whom the district's sign-in service vouches for, and the second step of those who sign in by a password."""

    async def user_of(self, subject: str) -> User | None:
        """The account that the service means by a subject, a disabled one too."""

    async def users_of_person(self, person: str) -> Sequence[User]:
        """The accounts of a person of the roster."""

    async def recognise(self, user: User, act: Act) -> bool:
        """Make an account or give it its subject, role and buildings; False where it is another subject's."""

    async def second_step(self, name: str) -> SecondStep | None:
        """An account's second step, confirmed or begun a short while ago."""

    async def begin_second_step(self, name: str, secret: str) -> None:
        """A secret that a code will confirm; one that is confirmed already stays."""

    async def confirm_second_step(self, name: str, step: int, recovery: Sequence[str], act: Act) -> bool:
        """From now on it is asked for; `recovery`: hashes of codes that work once each. False where none was begun."""

    async def drop_second_step(self, name: str, act: Act) -> bool:
        """It is asked for no more."""

    async def use_code(self, name: str, step: int) -> bool:
        """Use up the code of a step of time; False where it, or a later one, was used before."""

    async def spend_recovery(self, name: str, code: str, act: Act) -> bool:
        """Use up a code for an emergency, by its hash; False where there is no such code left."""

    async def end_waiting(self, digest: str) -> bool:
        """End a session that waits for its second step; False where there is none."""


class Passkeys(Protocol):
    """Passkeys of accounts. Every change is written with its entry of the audit log."""

    async def passkeys(self, name: str) -> Sequence[Passkey]:
        """Those of an account, the oldest first."""

    async def add_passkey(self, passkey: Passkey, act: Act) -> bool:
        """Keep one; False where the device's key is known already, whoever has it."""

    async def passkey(self, id_: str) -> Passkey | None:
        """One by its id, whosever it is; None where none has it."""

    async def use_passkey(self, id_: str, was: int, count: int, *, asked: float | None = None) -> bool:
        """Note that it was used; False where its count is not `was` any more: somebody else used it meanwhile.

        `asked`: when it was asked for; False where it was used at that time or since.
        """

    async def drop_passkey(self, name: str, id_: str, act: Act) -> bool:
        """Forget one of an account; False where there is none."""


@dataclass(frozen=True, slots=True)
class Vouching:
    """An account whose role is that of groups; `again`: with what the service can be asked again, sealed."""

    user: User
    vouched_at: float
    again: str = field(repr=False)


class Vouchings(Protocol):
    """When the sign-in service said last which groups somebody has."""

    async def vouched(self, name: str, again: str) -> None:
        """It said so now."""

    async def to_ask(self, before: float, lasts: float, limit: int) -> Sequence[Vouching]:
        """Claim for `lasts` seconds accounts it vouched for before a time: nobody else asks about these meanwhile."""

    async def cannot_be_asked(self, name: str) -> None:
        """There is nothing to ask it with until somebody signs in again."""


@dataclass(frozen=True, slots=True)
class Given:
    """Held messages by id, and open cases by number, each with the account that has it."""

    messages: Sequence[tuple[str, str]] = ()
    cases: Sequence[tuple[int, str]] = ()

    def __bool__(self) -> bool:
        return bool(self.messages or self.cases)


Left = Callable[[Given], tuple[Sequence[Followup], Sequence[Act]]]
"""Which letters and acts follow from what is free now."""


class Handover(Protocol):
    """What was given to accounts that decide no more."""

    async def left_behind(self, roles: Collection[str], limit: int) -> Given:
        """Held messages and open cases of accounts that are disabled, gone, or have none of these roles."""

    async def hand_back(self, given: Given, left: Left) -> Given:
        """Nobody has these any more, as far as nobody else has taken them; what `left` makes of it comes with it."""
