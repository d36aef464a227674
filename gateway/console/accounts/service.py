"""A person's own account: password, one-time codes, passkeys and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from gateway.console.auth.authenticator import SIGN_IN_SERVICE, Authenticator, BrowserSession
from gateway.console.auth.credentials import (
    hash_password,
    hash_recovery_code,
    new_recovery_codes,
    new_totp_secret,
    totp_step,
    totp_uri,
)
from gateway.console.auth.stores import SignInStores
from gateway.console.config import ConsoleConfig
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.core.accounts.account import Passkey, Session, Token, User, password_problem
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.ports.accounts import SecondStep

MAX_PASSKEYS = 20
"""Passkeys of one account, at most."""
WRONG_PASSWORD = "Your password is wrong."
_RECENT_SIGN_IN = 600.0  # seconds
_SIGN_IN_AGAIN = "Sign in with your district account again, then come back within ten minutes."


@dataclass(frozen=True, slots=True)
class SignInMethods:
    """How an account signs in. `step` is None without one-time codes."""

    has_password: bool
    step: SecondStep | None
    passkeys: Sequence[Passkey]

    @property
    def asks_for_codes(self) -> bool:
        """Whether a code is required at sign-in."""
        return self.step is not None and self.step.since is not None


class AccountService:
    """Changes that people make to their own account. Every change is in the audit log."""

    def __init__(
        self, stores: SignInStores, authenticator: Authenticator, directory: ConsoleDirectory, config: ConsoleConfig
    ) -> None:  # fmt: skip
        self._stores, self._authenticator, self._directory, self._config = stores, authenticator, directory, config

    def building_names(self, user: User) -> list[str]:
        """The names of the account's buildings."""
        return [self._directory.building_name(building) for building in user.buildings]

    async def sign_in_methods(self, user: User) -> SignInMethods:
        """How the account signs in."""
        known, step = await self._stores.accounts.find(user.name), await self._stores.second_steps.find(user.name)
        return SignInMethods(known is not None and bool(known[1]), step, await self._stores.passkeys.of_user(user.name))

    @property
    def takes_passkeys(self) -> bool:
        """Whether passkeys work at the console's address."""
        return self._authenticator.relying_party is not None

    # proof of identity

    async def confirm_password(self, request: Request, user: User, password: str) -> None:
        """Ask for the password again, for changes that outlive the session. Raises a Problem."""
        known = await self._stores.accounts.find(user.name)
        if known is not None and not known[1]:
            raise Problem(422, "Your account has no password here: you sign in with your district account.")
        if known is None or not await self._authenticator.verify_password_again(request, user, password, known[1]):
            raise Problem(422, WRONG_PASSWORD)

    async def confirm_identity(self, request: Request, session: BrowserSession, password: str) -> None:
        """Ask for the password again, or for a recent sign-in with the district's service. Raises a Problem."""
        if session.way != SIGN_IN_SERVICE:
            await self.confirm_password(request, session.user, password)
        elif await self._stores.clock.now() - session.began > _RECENT_SIGN_IN:
            raise Problem(422, _SIGN_IN_AGAIN)

    async def current_token(self, request: Request) -> Token:
        """The token of an API request. Raises a Problem."""
        _, token = await self._authenticator.authenticate_token(request)
        return token

    # password

    async def change_password(self, user: User, new: str, keep: str = "", *, end_tokens: bool = False) -> None:
        """Set a new password and end every session except the one with the hash `keep`. Raises a Problem."""
        if problem := password_problem(new, user.name):
            raise Problem(422, problem[:1].upper() + problem[1:])
        entry = await self._entry(user, "password changed", {"tokens": "ended"} if end_tokens else {})
        password_hash = await hash_password(new)
        await self._stores.accounts.set_password(user.name, password_hash, entry, keep=keep, tokens=end_tokens)

    # one-time codes

    async def begin_codes(self, user: User) -> str:
        """A new secret for an authenticator app. It counts once a code confirms it."""
        secret = new_totp_secret()
        await self._stores.second_steps.begin(user.name, secret)
        return secret

    def totp_uri(self, user: User, secret: str) -> str:
        """The URI that an authenticator app reads."""
        return totp_uri(secret, user.name, f"Chaperone {self._config.district}")

    async def confirm_codes(self, user: User, code: str) -> list[str]:
        """Ask for codes from now on, if the first code is right. Returns the recovery codes. Raises a Problem."""
        now, step = await self._stores.clock.now(), await self._stores.second_steps.find(user.name)
        at = totp_step(step.secret, code[:64], now) if step is not None and step.since is None else None
        if at is None:
            raise Problem(422, "This code is wrong. Enter the newest one, and check the clock of your phone.")
        codes = new_recovery_codes()
        hashes = [hash_recovery_code(recovery_code, user.name) for recovery_code in codes]
        entry = AuditEntry(now, user.name, "codes asked for at sign-in", user.name)
        await self._stores.second_steps.confirm(user.name, at, hashes, entry)
        return codes

    async def remove_codes(self, user: User) -> None:
        """Ask for no more codes. Raises a Problem if the district requires a second step and this is the last one."""
        if not await self._stores.passkeys.of_user(user.name):
            self._check_second_step_optional()
        await self._stores.second_steps.remove(user.name, await self._entry(user, "codes no longer asked for"))

    # passkeys

    async def passkeys(self, user: User) -> Sequence[Passkey]:
        """The account's passkeys, oldest first."""
        return await self._stores.passkeys.of_user(user.name)

    async def passkey_creation_options(self, request: Request, session: BrowserSession) -> str:
        """The options to create a passkey, in JSON. Raises a Problem if the account or the address cannot have one."""
        existing = await self.passkeys(session.user)
        options = await self._authenticator.passkey_creation_options(request, session.user, existing)
        if not options or session.way == SIGN_IN_SERVICE:
            raise Problem(
                409, "Passkeys need an account with a password, and a console with https and a host name in its URL."
            )
        return options

    async def add_passkey(self, request: Request, user: User, answer: str, name: str) -> None:
        """Keep a passkey that a browser has created. Raises a Problem."""
        created = await self._authenticator.verify_new_passkey(request, answer)
        existing = await self.passkeys(user)
        if created is None:
            raise Problem(422, "No passkey was made. Try again, or with another device.")
        if len(existing) >= MAX_PASSKEYS:
            raise Problem(409, f"You have {MAX_PASSKEYS} passkeys: remove one first.")
        label = clean_text(name, 60).replace("\n", " ") or f"Passkey {len(existing) + 1}"
        entry = await self._entry(user, "passkey added", {"name": label})
        passkey = Passkey(created.id, user.name, label, created.public_key, created.count, entry.at)
        if not await self._stores.passkeys.add(passkey, entry):
            raise Problem(409, "This passkey exists already.")

    async def remove_passkey(self, user: User, id_: str) -> None:
        """Remove a passkey. Raises a Problem if there is none, or if it is the last required second step."""
        methods = await self.sign_in_methods(user)
        passkey = next((passkey for passkey in methods.passkeys if passkey.id == id_), None)
        if passkey is None:
            raise Problem(404, "You have no such passkey.")
        if len(methods.passkeys) == 1 and not methods.asks_for_codes:
            self._check_second_step_optional()
        await self._stores.passkeys.remove(
            user.name, id_, await self._entry(user, "passkey removed", {"name": passkey.name})
        )

    def _check_second_step_optional(self) -> None:
        if self._config.second_step == "required":
            raise Problem(409, "Your district requires a second step: set up another one first, then remove this one.")

    # sessions

    async def sessions(self, user: User) -> list[Session]:
        """The account's sessions, last used first."""
        now = await self._stores.clock.now()
        sessions = await self._stores.sessions.of_user(user.name)
        return [session for session in sessions if self._authenticator.is_alive(session, now)]

    async def end_session(self, user: User, id_: str) -> None:
        """End one session. Raises a Problem if there is none."""
        entry = await self._entry(user, "session ended", {"session": id_})
        if not await self._stores.sessions.end_by_id(user.name, id_, entry):
            raise Problem(404, "You are not signed in there any more.")

    async def end_sessions(self, user: User, keep: str = "") -> int:
        """End every session except the one with the hash `keep`. Returns how many ended."""
        entry = await self._entry(user, "other sessions ended" if keep else "sessions ended")
        return await self._stores.sessions.end_all(user.name, entry, keep=keep)

    async def _entry(self, user: User, act: str, detail: dict[str, object] | None = None) -> AuditEntry:
        return AuditEntry(await self._stores.clock.now(), user.name, act, user.name, detail or {})
