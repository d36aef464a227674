"""Signs people in with passwords, second steps, passkeys or the district's service, and programs with tokens."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request

from gateway.console.auth.cookies import SESSION_SECONDS, Cookies, known_browser_mark
from gateway.console.auth.credentials import (
    hash_recovery_code,
    hash_secret,
    new_session_secret,
    totp_step,
    verify_password,
)
from gateway.console.auth.passkeys import NewCredential, RelyingParty, credential_id
from gateway.console.auth.provisioning import find_or_create_account
from gateway.console.auth.sign_in_attempts import MAX_CODES, SignInAttempts, client_address
from gateway.console.auth.stores import SignInStores
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import (
    LONGEST_PASSWORD,
    AccountRole,
    Passkey,
    Session,
    SignedInIdentity,
    Token,
    User,
    account_name,
)
from gateway.core.accounts.client_hint import client_hint
from gateway.core.messages.parties import Directory
from gateway.core.policy.decision import AuditEntry
from gateway.observability.events import EventLog
from gateway.ports.accounts import SecondStep

IDLE_SECONDS = 30 * 60.0
"""Seconds without use after which a session ends."""
_TOUCH_INTERVAL = 60.0  # seconds between two notes that a session or token is used
_SECOND_STEP_SECONDS = 300.0  # time for the second step, and for signing in with a passkey
PASSKEY_CREATION_SECONDS = 10 * 60.0
"""Seconds that a browser has, at least, to create a passkey; at most twice as many."""
SIGN_IN_SERVICE = "sign-in service"
"""How a session was opened: with the district's own service."""
_UNKNOWN = "unknown name"


SIGN_IN_LINK = "link by mail"
"""How a session was opened: with a link that was sent to a staff member. It has the rights of staff, whoever it is."""


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A signed-in browser. `form` is the secret in its forms, `key` the hash of the session.

    `owes_step`: it must set up a second step before anything else.
    """

    user: User
    form: str
    key: str = ""
    began: float = 0.0
    way: str = ""
    owes_step: bool = False

    @property
    def own_messages_only(self) -> bool:
        """Whether it was opened with a link from a mail, so that it shows the account's own messages only."""
        return self.way == SIGN_IN_LINK


@dataclass(frozen=True, slots=True)
class SignInRules:
    """The district's rules. `trusted`: seconds that a role from groups stays valid without the service."""

    https: bool
    step_required: bool = False
    trusted: float = float("inf")


class Authenticator:
    """Signs people and programs in, and finds the session of a browser."""

    def __init__(
        self, stores: SignInStores, directory: Directory, event_log: EventLog, rules: SignInRules,
        relying_party: RelyingParty | None = None,
    ) -> None:  # fmt: skip
        self._stores, self._directory, self.event_log, self._rules = stores, directory, event_log, rules
        self.relying_party = relying_party
        self.cookies = Cookies(https=rules.https)
        self.attempts = SignInAttempts(stores, event_log)

    # sessions of browsers

    async def browser_session(self, request: Request, *, used: bool = True) -> BrowserSession | None:
        """The session of a browser; None if it is not signed in. `used`: a person acts, so the session stays alive."""
        secret = self.cookies.session_secret(request)
        if not secret:
            return None
        key = hash_secret(secret, "session")
        session = await self._stores.sessions.find(key)
        now = await self._stores.clock.now()
        if session is None or session.waits or not self.is_alive(session, now):
            return None
        if used and now - session.seen_at > _TOUCH_INTERVAL:
            await self._stores.sessions.touch(key)
        by_mail = session.way == SIGN_IN_LINK
        may_owe = self._rules.step_required and not by_mail and session.way != SIGN_IN_SERVICE
        owes_step = may_owe and not session.has_step
        user = replace(session.user, role=AccountRole.STAFF, buildings=()) if by_mail else session.user
        return BrowserSession(
            user, hash_secret(secret, "form"), key, session.created_at, session.way, owes_step
        )  # fmt: skip

    def is_alive(self, session: Session, now: float) -> bool:
        """Whether a session has not expired: by age, by lack of use, or because its groups are no longer confirmed."""
        from_groups = session.way == SIGN_IN_SERVICE and session.vouched_at is not None
        if from_groups and now - (session.vouched_at or 0.0) > self._rules.trusted:
            return False
        return now < session.expires_at and now - session.seen_at < IDLE_SECONDS

    async def sign_out(self, request: Request, user: User) -> None:
        """End the browser's session."""
        entry = AuditEntry(await self._stores.clock.now(), user.name, "signed out", user.name)
        await self._stores.sessions.end(self.cookies.session_key(request), entry)

    async def sign_in_by_link(self, request: Request, user: User) -> str:
        """The secret of a session that a link from a mail opens. It shows the account's own messages only."""
        return await self._start_session(request, user, hash_secret(f"link {user.name}", "name"), SIGN_IN_LINK)

    async def _start_session(self, request: Request, user: User, name_hash: str, way: str) -> str:
        """The secret of a new session. Without a `way` the session waits for the second step.

        Each step gets a new secret, so the secret that the browser had before is worthless.
        """
        secret = new_session_secret()
        entry = (
            AuditEntry(await self._stores.clock.now(), user.name, "signed in", user.name, {"by": way}) if way else None
        )
        lifetime, client = SESSION_SECONDS if way else _SECOND_STEP_SECONDS, client_address(request)
        await self._stores.sessions.start(
            hash_secret(secret, "session"), user.name, lifetime, name_hash, client, entry, way=way,
            place=client_hint(request.headers.get("user-agent", ""), client),
        )  # fmt: skip
        return secret

    # name and password

    async def sign_in(self, request: Request, name: str, password: str) -> tuple[str, bool]:
        """The secret of a new session, and whether it waits for the second step. Raises a Problem.

        The Problem does not say whether the name or the password was wrong.
        """
        known_name = account_name(name)
        account = await self._stores.accounts.find(known_name) if known_name else None
        browser_id = self.cookies.known_browser(request, *account) if account is not None else ""
        # A browser that gave the right password before has a count of its own, so that somebody who guesses the
        # password from the same address cannot lock its user out.
        counted = f"browser {browser_id} {name}" if browser_id else name
        name_hash = await self.attempts.check(request, counted, ignore_client=bool(browser_id))
        usable = account is not None and account[0].disabled_at is None
        password_hash = account[1] if account is not None and usable else None
        matches = await verify_password(password[: LONGEST_PASSWORD + 1], password_hash)
        if account is None or not matches:
            subject = account[0].name if account is not None else _UNKNOWN
            raise await self.attempts.record_refusal(
                request, name_hash, "password", subject, "Name or password is wrong."
            )  # fmt: skip
        step, passkeys = await self._second_steps(account[0].name)
        waits = bool(step or passkeys)
        request.state.known_browser = known_browser_mark(secrets.token_hex(16), *account)
        return await self._start_session(request, account[0], name_hash, "" if waits else "password"), waits

    async def verify_password_again(self, request: Request, user: User, password: str, password_hash: str) -> bool:
        """Whether a signed-in person gives the right password again. Raises a Problem after too many failures."""
        name_hash = await self.attempts.check(request, f"again {user.name}", limit=MAX_CODES, ignore_client=True)
        if await verify_password(password[: LONGEST_PASSWORD + 1], password_hash):
            return True
        await self.attempts.record_refusal(request, name_hash, "password", user.name, "")
        return False

    # the second step

    async def waiting_user(self, request: Request) -> User | None:
        """The account whose session waits for its second step; None if there is none."""
        session = await self._stores.sessions.find(self.cookies.session_key(request))
        if session is None or not session.waits or not self.is_alive(session, await self._stores.clock.now()):
            return None
        return session.user

    async def second_step_options(self, request: Request, user: User) -> tuple[bool, str]:
        """Whether the account has codes, and the options for its passkeys in JSON; "" without passkeys."""
        step, passkeys = await self._second_steps(user.name)
        if self.relying_party is None or not passkeys:
            return step is not None, ""
        return step is not None, self.relying_party.request_options(self._challenge(request), passkeys)

    async def finish_with_code(self, request: Request, user: User, code: str) -> str:
        """The secret of the session that a right code or recovery code opens. Raises a Problem."""
        name_hash, now = await self._check_codes(request, user.name), await self._stores.clock.now()
        step, _ = await self._second_steps(user.name)
        at = totp_step(step.secret, code, now) if step is not None else None
        accepted = at is not None and await self._stores.second_steps.use_code(user.name, at)
        if not accepted:
            entry = AuditEntry(now, user.name, "emergency code used", user.name)
            accepted = await self._stores.second_steps.use_recovery_code(
                user.name, hash_recovery_code(code, user.name), entry
            )
        if not accepted:
            raise await self.attempts.record_refusal(
                request, name_hash, "code", user.name, "This code is wrong, or was used before."
            )
        return await self._finish_second_step(request, user, name_hash, "password and code")

    async def finish_with_passkey(self, request: Request, user: User, answer: str) -> str:
        """The secret of the session that a passkey opens; `answer` is the browser's JSON. Raises a Problem."""
        name_hash = await self._check_codes(request, user.name)
        passkeys = await self._stores.passkeys.of_user(user.name)
        challenge = self._challenge(request)
        signed = self.relying_party.verify_signature(answer, challenge, passkeys) if self.relying_party else None
        if signed is None or not await self._stores.passkeys.record_use(signed[0].id, signed[0].count, signed[1]):
            raise await self.attempts.record_refusal(
                request, name_hash, "passkey", user.name, "This passkey did not work. Try again, or use another way."
            )
        return await self._finish_second_step(request, user, name_hash, "password and passkey")

    async def _finish_second_step(self, request: Request, user: User, name_hash: str, way: str) -> str:
        """Replace the waiting session, and with it its challenge, by a new session."""
        if not await self._stores.sessions.end_waiting(self.cookies.session_key(request)):
            raise Problem(401, "This sign-in was already used. Start again.")
        return await self._start_session(request, user, name_hash, way)

    async def _second_steps(self, name: str) -> tuple[SecondStep | None, Sequence[Passkey]]:
        """The second steps of an account: confirmed codes, and passkeys."""
        step = await self._stores.second_steps.find(name)
        return step if step is not None and step.since is not None else None, await self._stores.passkeys.of_user(name)

    async def _check_codes(self, request: Request, name: str) -> str:
        return await self.attempts.check(request, f"code {name}", limit=MAX_CODES, ignore_client=True)

    def _challenge(self, request: Request) -> bytes:
        """What a passkey signs for the second step: it belongs to the browser's session and ends with it."""
        return bytes.fromhex(hash_secret(self.cookies.session_secret(request), "passkey"))

    # a passkey instead of name and password

    async def passkey_sign_in_options(self, form_secret: str) -> tuple[str, str]:
        """The options to sign in with a passkey alone, in JSON ("" without passkeys), and when they were made."""
        asked_at = f"{await self._stores.clock.now():.6f}"
        challenge = _sign_in_challenge(form_secret, asked_at)
        return (self.relying_party.discoverable_request_options(challenge) if self.relying_party else ""), asked_at

    async def sign_in_with_passkey(self, request: Request, answer: str, asked_at: str) -> str:
        """The secret of the session that a passkey opens without name and password. Raises a Problem.

        The device has verified its user. What it signs belongs to this browser, is a few minutes old at most, and is
        newer than the passkey's last use, so it cannot be replayed.
        """
        id_ = credential_id(answer)
        name_hash = await self.attempts.check(request, f"passkey {id_}")
        passkey, at = await self._stores.passkeys.find(id_), _parse_time(asked_at)
        account = await self._stores.accounts.find(passkey.user) if passkey is not None else None
        usable = account is not None and account[0].disabled_at is None and bool(account[1])
        challenge = _sign_in_challenge(self.cookies.form_secret(request), asked_at)
        recent = -_SECOND_STEP_SECONDS < at - await self._stores.clock.now() <= 0
        if passkey is not None and account is not None and usable and self.relying_party and recent:
            signed = self.relying_party.verify_signature(answer, challenge, [passkey], without_password=True)
            if signed is not None and await self._stores.passkeys.record_use(id_, passkey.count, signed[1], asked=at):
                return await self._start_session(request, account[0], name_hash, "passkey")
        subject = account[0].name if account is not None else _UNKNOWN
        raise await self.attempts.record_refusal(
            request, name_hash, "passkey", subject, "This passkey did not work. Try again, or use your password."
        )

    # new passkeys

    async def passkey_creation_options(self, request: Request, user: User, existing: Sequence[Passkey]) -> str:
        """The options to create a passkey, in JSON; "" if passkeys cannot work at this address."""
        challenge, _ = await self._creation_challenges(request)
        return self.relying_party.creation_options(user.name, challenge, existing) if self.relying_party else ""

    async def verify_new_passkey(self, request: Request, answer: str) -> NewCredential | None:
        """The passkey that a browser has created; None if the answer is invalid or late."""
        if self.relying_party is None:
            return None
        for challenge in await self._creation_challenges(request):
            if (created := self.relying_party.verify_creation(answer, challenge)) is not None:
                return created
        return None

    async def _creation_challenges(self, request: Request) -> tuple[bytes, bytes]:
        """What a device signs to create a passkey: the challenges of this session for now and for the period before."""
        secret = self.cookies.session_secret(request)
        period = int(await self._stores.clock.now() // PASSKEY_CREATION_SECONDS)
        current, previous = (
            bytes.fromhex(hash_secret(f"{secret} {number}", "passkey made")) for number in (period, period - 1)
        )
        return current, previous

    # the district's sign-in service

    async def sign_in_with_identity(self, request: Request, identity: SignedInIdentity) -> str:
        """The secret of a session for an identity that the district's service vouches for. Raises a Problem."""
        name_hash = await self.attempts.check(request, identity.subject)
        user = await find_or_create_account(self._stores, self._directory, identity, await self._stores.clock.now())
        if user is None:
            raise await self.attempts.record_refusal(
                request, name_hash, "no account", _UNKNOWN,
                "The district knows you, but you have no account here. Ask the people who run this gateway for one.",
                status=403,
            )  # fmt: skip
        if user.by_groups:
            await self._stores.group_roles.record_check(user.name, identity.refresh_token)
        return await self._start_session(request, user, name_hash, SIGN_IN_SERVICE)

    # programs

    async def authenticate_token(self, request: Request) -> tuple[User, Token]:
        """The account and token of an API request. Raises a Problem."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        key = hash_secret(secret.strip(), "token")
        known = await self._stores.tokens.find(key) if scheme.lower() == "bearer" and secret.strip() else None
        now = await self._stores.clock.now()
        if known is None or not known[1].in_force(now):
            if secret:
                self.event_log.sign_in_refused("token")
            raise Problem(
                401, "Send a valid token: Authorization: Bearer TOKEN (make one under “API tokens” in your account).",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        if now - (known[1].used_at or 0.0) > _TOUCH_INTERVAL:
            await self._stores.tokens.touch(key)
        return known


def _sign_in_challenge(form_secret: str, asked_at: str) -> bytes:
    """What a passkey signs to sign in alone: it belongs to one browser and one time."""
    return bytes.fromhex(hash_secret(f"{form_secret} {asked_at}", "passkey alone"))


def _parse_time(text: str) -> float:
    """A time from a form, in seconds since the epoch; minus infinity if it is invalid."""
    try:
        return float(text) if len(text) < 32 else float("-inf")
    except ValueError:
        return float("-inf")
