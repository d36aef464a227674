"""Signing in: passwords and sessions for browsers, tokens for programs, and what keeps guessing and forging away."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.auth.credentials import digest, fits, new_session, recovery_digest, step_of
from gateway.console.auth.passkeys import Keys, id_in
from gateway.console.auth.provisioning import Known, account_of
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import (
    LONGEST_PASSWORD,
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
from gateway.ports.accounts import AccountStore, GroupRoleStore, IdentityStore, PasskeyStore, SecondStep, SessionStore
from gateway.ports.review import LookupStore

IDLE, LASTS = 30 * 60.0, 12 * 3600.0
"""Seconds without use after which a session ends, and after which it ends anyway."""
_TOUCHED_EVERY = 60.0
_KNOWN_FOR = 180 * 86400  # seconds that a browser keeps the mark of one that gave the right password
_WAITS = 300.0  # seconds for the second step
MAKING = 10 * 60.0
"""Seconds that a browser has at least, and at most twice, to make a passkey that it asked to make."""
_WINDOW = 15 * 60.0
MOST_BY_BOTH, MOST_BY_NAME, MOST_BY_CLIENT = 10, 50, 500
"""Refused sign-ins in a quarter of an hour under one name from one address, under one name from anywhere, and from one
address; then nobody is let in so for a while. A school is one address: who guesses there shuts nobody else out."""
MOST_CODES = 10
"""Refused codes of one account: whoever is asked for one has given the password already."""
SERVICE = "sign-in service"
"""The way in by the district's own service."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser that is signed in; `form` is the secret that its forms carry (against forged requests).

    `key` is the hash of its session. `owes_step`: it must set up a second step before anything else.
    """

    user: User
    form: str
    key: str = ""
    began: float = 0.0
    way: str = ""
    owes_step: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What the district asks of signing in. `trusted`: seconds that a role of groups holds without the service."""

    https: bool
    step_required: bool = False
    trusted: float = float("inf")


class Store(Known, AccountStore, IdentityStore, SessionStore, PasskeyStore, GroupRoleStore, LookupStore, Protocol):
    """What the door asks of the store."""


class Authenticator:
    """Lets people and programs in."""

    def __init__(
        self, store: Store, register: Directory, event_log: EventLog, rules: Rules, keys: Keys | None = None
    ) -> None:  # fmt: skip
        self._store, self._register, self._event_log, self._rules = store, register, event_log, rules
        self._clock, self._https, https = store, rules.https, rules.https
        self.keys = keys
        self._session_cookie = ("__Host-" if https else "") + "chaperone"
        self.form_cookie = ("__Host-" if https else "") + "chaperone-form"
        self._known_cookie = ("__Host-" if https else "") + "chaperone-known"

    # browsers

    async def browser(self, request: Request, *, used: bool = True) -> SignedIn | None:
        """Who is signed in; None for nobody. `used`: the request is a person's doing and keeps the session alive."""
        secret = request.cookies.get(self._session_cookie, "")
        if not secret:
            return None
        key = digest(secret, "session")
        session = await self._store.session(key)
        now = await self._clock.now()
        if session is None or session.waits or not self.lives(session, now):
            return None
        if used and now - session.seen_at > _TOUCHED_EVERY:
            await self._store.touch(key)
        owes = self._rules.step_required and not session.has_step and session.way != SERVICE
        return SignedIn(session.user, digest(secret, "form"), key, session.created_at, session.way, owes)

    def lives(self, session: Session, now: float) -> bool:
        """Whether a session has not ended by itself: unused, old, or of groups that nobody can vouch for any more."""
        of_groups = session.way == SERVICE and session.vouched_at is not None
        if of_groups and now - (session.vouched_at or 0.0) > self._rules.trusted:
            return False
        return now < session.expires_at and now - session.seen_at < IDLE

    async def sign_in(self, request: Request, name: str, password: str) -> tuple[str, bool]:
        """The secret of a new session, and whether it waits for the second step. Raises a Problem.

        Which of name and password was wrong is not said.
        """
        known = account_name(name)
        found = await self._store.user(known) if known else None
        counted = self._counted(request, name, found)
        failures_of = await self.not_too_often(request, counted or name, alone=bool(counted))
        usable = found is not None and found[0].disabled_at is None
        right = await fits(password[: LONGEST_PASSWORD + 1], found[1] if found is not None and usable else None)
        if found is None or not right:
            subject = found[0].name if found is not None else "unknown name"
            raise await self._refused(request, failures_of, "password", subject, "Name or password is wrong.")
        step, passkeys = await self._steps(found[0].name)
        waits = bool(step or passkeys)
        request.state.known = mark_of(secrets.token_hex(16), *found)
        return await self._begin(request, found[0], failures_of, "" if waits else "password"), waits

    def _counted(self, request: Request, name: str, found: tuple[User, str] | None) -> str:
        """As what wrong passwords are counted in a browser that gave this account's right one before; "" in others.

        Whoever guesses a colleague's password beside them, behind the same address, does not shut them out so.
        """
        mark = request.cookies.get(self._known_cookie, "")
        nonce = mark.partition(".")[0]
        ours = found is not None and hmac.compare_digest(mark.encode(), mark_of(nonce, *found).encode())
        return f"browser {nonce} {name}" if ours else ""

    async def _steps(self, name: str) -> tuple[SecondStep | None, Sequence[Passkey]]:
        """By what an account takes its second step: codes that are confirmed, passkeys."""
        step = await self._store.second_step(name)
        return step if step is not None and step.since is not None else None, await self._store.passkeys(name)

    async def waiting(self, request: Request) -> User | None:
        """Whose second step is waited for; None for nobody's."""
        session = await self._store.session(digest(request.cookies.get(self._session_cookie, ""), "session"))
        if session is None or not session.waits or not self.lives(session, await self._clock.now()):
            return None
        return session.user

    async def steps(self, request: Request, user: User) -> tuple[bool, str]:
        """What the second step may be: whether a code, and what a browser asks of a passkey, "" for none."""
        step, passkeys = await self._steps(user.name)
        asked = self.keys.to_ask(self._challenge(request), passkeys) if self.keys and passkeys else ""
        return step is not None, asked

    async def step_up(self, request: Request, user: User, code: str) -> str:
        """The secret of the session that a right code opens. Raises a Problem."""
        failures_of, now = await self._codes_not_too_often(request, user.name), await self._clock.now()
        step, _ = await self._steps(user.name)
        at = step_of(step.secret, code, now) if step is not None else None
        right = at is not None and await self._store.use_code(user.name, at)
        if not right:
            act = AuditEntry(now, user.name, "emergency code used", user.name)
            right = await self._store.spend_recovery(user.name, recovery_digest(code, user.name), act)
        if not right:
            raise await self._refused(
                request, failures_of, "code", user.name, "This code is wrong, or was used before."
            )
        return await self._stepped(request, user, failures_of, "password and code")

    async def step_up_by_key(self, request: Request, user: User, answer: str) -> str:
        """The secret of the session that a passkey opens, by what the browser says it said. Raises a Problem."""
        failures_of = await self._codes_not_too_often(request, user.name)
        known = await self._store.passkeys(user.name)
        shown = self.keys.shown(answer, self._challenge(request), known) if self.keys else None
        if shown is None or not await self._store.use_passkey(shown[0].id, shown[0].count, shown[1]):
            raise await self._refused(
                request, failures_of, "passkey", user.name, "This passkey did not work. Try once more, or another way."
            )
        return await self._stepped(request, user, failures_of, "password and passkey")

    async def _stepped(self, request: Request, user: User, failures_of: str, way: str) -> str:
        """End the session that waited, whose challenge goes with it, and begin the one that it waited for."""
        key = digest(request.cookies.get(self._session_cookie, ""), "session")
        if not await self._store.end_waiting(key):
            raise Problem(401, "This sign-in was used up. Begin again.")
        return await self._begin(request, user, failures_of, way)

    async def to_sign_in(self, stranger: str) -> tuple[str, str]:
        """What a browser that nobody is signed in with asks of a passkey, and when that was; "" where it cannot."""
        asked = f"{await self._clock.now():.6f}"
        return (self.keys.to_ask_anybody(_asking(stranger, asked)) if self.keys else ""), asked

    async def sign_in_by_key(self, request: Request, answer: str, asked: str) -> str:
        """The secret of the session that a passkey opens alone, without name and password. Raises a Problem.

        Whoever has the device has shown it who they are. What it signs is of this browser, a few minutes old at most,
        and younger than the passkey's last use: it opens nothing twice.
        """
        id_ = id_in(answer)
        failures_of = await self.not_too_often(request, f"passkey {id_}")
        passkey, at = await self._store.passkey(id_), _moment(asked)
        found = await self._store.user(passkey.user) if passkey is not None else None
        usable = found is not None and found[0].disabled_at is None and bool(found[1])
        challenge = _asking(request.cookies.get(self.form_cookie, ""), asked)
        if (
            passkey is not None
            and found is not None
            and usable
            and self.keys
            and -_WAITS < at - await self._clock.now() <= 0
        ):
            shown = self.keys.shown(answer, challenge, [passkey], alone=True)
            if shown is not None and await self._store.use_passkey(id_, passkey.count, shown[1], asked=at):
                return await self._begin(request, found[0], failures_of, "passkey")
        subject = found[0].name if found is not None else "unknown name"
        raise await self._refused(
            request, failures_of, "passkey", subject, "This passkey did not work. Try once more, or use your password."
        )

    def _challenge(self, request: Request) -> bytes:
        """What a passkey signs: it belongs to the browser's session and ends with it."""
        return bytes.fromhex(digest(request.cookies.get(self._session_cookie, ""), "passkey"))

    async def to_make(self, request: Request, user: User, known: Sequence[Passkey]) -> str:
        """What a browser needs to make a passkey; "" where there can be none: at an address without TLS or a name."""
        challenge, _ = await self._making(request)
        return self.keys.to_make(user.name, challenge, known) if self.keys else ""

    async def made(self, request: Request, answer: str) -> tuple[str, bytes, int] | None:
        """Id, public key and count of a passkey that a browser has made; None where the answer is none, or is late."""
        tried = [self.keys.made(answer, each) for each in await self._making(request)] if self.keys else []
        return next((each for each in tried if each is not None), None)

    async def _making(self, request: Request) -> tuple[bytes, bytes]:
        """What a device signs that makes a passkey: it belongs to the session, and to now or just before."""
        secret, now = request.cookies.get(self._session_cookie, ""), int(await self._clock.now() // MAKING)
        new, old = (bytes.fromhex(digest(f"{secret} {each}", "passkey made")) for each in (now, now - 1))
        return new, old

    async def vouched_for(self, request: Request, vouched: SignedInIdentity) -> str:
        """The secret of a session for somebody whom the district's service let in. Raises a Problem."""
        failures_of = await self.not_too_often(request, vouched.subject)
        user = await account_of(self._store, self._register, vouched, await self._clock.now())
        if user is None:
            raise await self._refused(
                request, failures_of, "no account", "unknown name",
                "You are known to the district, but have no account here. Whoever runs this gateway can make one.",
                status=403,
            )  # fmt: skip
        if user.by_groups:
            await self._store.vouched(user.name, vouched.again)
        return await self._begin(request, user, failures_of, SERVICE)

    async def _begin(self, request: Request, user: User, failures_of: str, by: str) -> str:
        secret = new_session()  # a new one at each step: whatever the browser had before is worth nothing
        act = AuditEntry(await self._clock.now(), user.name, "signed in", user.name, {"by": by}) if by else None
        lasts, client = LASTS if by else _WAITS, client_of(request)
        await self._store.sign_in(
            digest(secret, "session"), user.name, lasts, failures_of, client, act, way=by,
            place=client_hint(request.headers.get("user-agent", ""), client),
        )  # fmt: skip
        return secret

    async def _codes_not_too_often(self, request: Request, name: str) -> str:
        return await self.not_too_often(request, f"code {name}", most=MOST_CODES, alone=True)

    async def not_too_often(
        self, request: Request, name: str, *, most: int = MOST_BY_NAME, alone: bool = False
    ) -> str:  # fmt: skip
        """The hash under which failures of a name are counted. Raises a Problem where there were too many.

        `alone`: whatever others do at the same address counts for nothing.
        """
        failures_of, now = digest(name.strip().lower(), "name"), await self._clock.now()
        by_both, by_name, by_client = await self._store.failures(failures_of, client_of(request), now - _WINDOW)
        if by_both >= MOST_BY_BOTH or by_name >= most or (by_client >= MOST_BY_CLIENT and not alone):
            self._event_log.sign_in_refused("throttled")
            raise Problem(
                429, "Too many tries. Wait a quarter of an hour, then try again.", headers={"Retry-After": "900"}
            )
        return failures_of

    async def right_again(self, request: Request, user: User, password: str, password_hash: str) -> bool:
        """Whether somebody who is signed in gives the right password again. Raises a Problem where too often not."""
        failures_of = await self.not_too_often(request, f"again {user.name}", most=MOST_CODES, alone=True)
        if await fits(password[: LONGEST_PASSWORD + 1], password_hash):
            return True
        await self._refused(request, failures_of, "password", user.name, "")
        return False

    async def _refused(
        self, request: Request, failures_of: str, why: str, subject: str, text: str, status: int = 401
    ) -> Problem:
        self._event_log.sign_in_refused(why)
        act = AuditEntry(await self._clock.now(), "nobody", "sign-in refused", subject, {"why": why})
        await self._store.refused_sign_in(failures_of, client_of(request), act)
        return Problem(status, text)

    async def sign_out(self, request: Request, user: User) -> None:
        """End the browser's session."""
        key = digest(request.cookies.get(self._session_cookie, ""), "session")
        await self._store.sign_out(key, AuditEntry(await self._clock.now(), user.name, "signed out", user.name))

    def keep(self, request: Request, response: Response, secret: str) -> None:
        """Give the browser its session. Lax: a link in a notice must find who is signed in."""
        if mark := getattr(request.state, "known", ""):
            response.set_cookie(
                self._known_cookie, mark, max_age=_KNOWN_FOR, path="/", secure=self._https, httponly=True,
                samesite="strict",
            )  # fmt: skip
        response.set_cookie(
            self._session_cookie,
            secret,
            max_age=int(LASTS),
            path="/",
            secure=self._https,
            httponly=True,
            samesite="lax",
        )

    def forget(self, response: Response) -> None:
        """Take the browser's session away."""
        response.delete_cookie(self._session_cookie, path="/", secure=self._https, httponly=True, samesite="lax")

    # forms

    def form_of_stranger(self, request: Request, response: Response) -> None:
        """Give a browser that is not signed in what its sign-in form has to send back."""
        response.set_cookie(
            self.form_cookie, request.state.form, max_age=3600, path="/", secure=self._https, httponly=True,
            samesite="strict",
        )  # fmt: skip

    def stranger(self, request: Request) -> str:
        """The form secret of a browser that is not signed in, a new one where it has none."""
        known = request.cookies.get(self.form_cookie, "")
        return known if 20 <= len(known) <= 64 and known.isascii() else new_session()

    def check_form(self, request: Request, sent: str, expected: str) -> None:
        """Raise a Problem unless a form comes from a page of ours."""
        origin = request.headers.get("origin", "")
        ours = not origin or urlsplit(origin).netloc == request.headers.get("host", "")
        site = request.headers.get("sec-fetch-site", "same-origin")
        same = hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode())
        if not (ours and same and expected and site in ("same-origin", "none")):
            raise Problem(403, "The form is too old, or came from another site. Load the page again and try once more.")

    # programs

    async def program(self, request: Request) -> tuple[User, Token]:
        """The account and token of a request to the API. Raises a Problem."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        found = None
        if scheme.lower() == "bearer" and secret.strip():
            found = await self._store.token(digest(secret.strip(), "token"))
        now = await self._clock.now()
        if found is None or not found[1].in_force(now):
            if secret:
                self._event_log.sign_in_refused("token")
            raise Problem(
                401, "Send a valid token: Authorization: Bearer TOKEN (“API tokens” of your account makes one).",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        if now - (found[1].used_at or 0.0) > _TOUCHED_EVERY:
            await self._store.token_used(digest(secret.strip(), "token"))
        return found


def mark_of(nonce: str, user: User, password_hash: str) -> str:
    """What a browser keeps that gave the right password: nobody can make it up, and a new password ends it."""
    mac = hmac.new(password_hash.encode(), f"known {user.name} {nonce}".encode("utf-8", "replace"), "sha256")
    return f"{nonce}.{mac.hexdigest()}"


def _asking(stranger: str, asked: str) -> bytes:
    """What a passkey signs that signs in alone: it belongs to a browser, and to when that browser asked."""
    return bytes.fromhex(digest(f"{stranger} {asked}", "passkey alone"))


def _moment(text: str) -> float:
    """A time that a form says; one that never was where it says none."""
    try:
        return float(text) if len(text) < 32 else float("-inf")
    except ValueError:
        return float("-inf")


def client_of(request: Request) -> str:
    """Where a request comes from; what proxies say of it was settled when it came in."""
    return request.client.host if request.client else ""
