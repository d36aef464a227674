"""One's own account as pages and API change it: is it you, password, codes, passkeys, sessions and tokens."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from gateway.console.auth.authenticator import SERVICE, Authenticator, SignedIn
from gateway.console.auth.credentials import digest, hashed, new_recovery, new_token, recovery_digest, step_of
from gateway.console.service import DAY, Desk
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.core.accounts.account import AccountRole, Passkey, Right, Session, Token, User, password_problem
from gateway.core.policy.decision import AuditEntry

LASTS = {"7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY, "365d": 365 * DAY}
"""How long a token can be made to last."""
MAY = {"read": True, "decide": False}
"""What a token may do, and whether it only reads."""
MOST = 20
"""Tokens in force, and passkeys, of one account."""
_FRESH = 600.0
WRONG = "Your password is wrong."
_AGAIN = "Sign in with your district account once more, then come back within ten minutes."


# --- is it you ------------------------------------------------------------------------------------------------------


async def prove(request: Request, desk: Desk, user: User, password: str) -> None:
    """Ask for the password once more, for what outlives a session that somebody else may sit at. Raises a Problem."""
    door: Authenticator = request.app.state.door
    known = await desk.store.user(user.name)
    if known is not None and not known[1]:
        raise Problem(422, "Your account has no password here: you sign in with your district account.")
    if known is None or not await door.right_again(request, user, password, known[1]):
        raise Problem(422, WRONG)


async def prove_in_session(request: Request, desk: Desk, signed: SignedIn, password: str) -> None:
    """The same of a browser; who signed in by the district's service did so a moment ago. Raises a Problem."""
    if signed.way != SERVICE:
        await prove(request, desk, signed.user, password)
    elif await desk.store.now() - signed.began > _FRESH:
        raise Problem(422, _AGAIN)


# --- password and second step ---------------------------------------------------------------------------------------


async def change_password(desk: Desk, user: User, new: str, keep: str = "", *, tokens: bool = False) -> None:
    """A new password; every session ends but that of a hash, and the tokens where `tokens` asks. Raises a Problem."""
    if fault := password_problem(new, user.name):
        raise Problem(422, fault[:1].upper() + fault[1:])
    detail = {"tokens": "ended"} if tokens else {}
    act = AuditEntry(await desk.store.now(), user.name, "password changed", user.name, detail)
    await desk.store.set_password(user.name, await hashed(new), act, keep=keep, tokens=tokens)


async def confirm_codes(desk: Desk, user: User, code: str) -> list[str]:
    """The first code: from now on one is asked for; the codes for an emergency. Raises a Problem."""
    name, now = user.name, await desk.store.now()
    step = await desk.store.second_step(name)
    at = step_of(step.secret, code[:64], now) if step is not None and step.since is None else None
    if at is None:
        raise Problem(
            422, "This code is not the right one. Give the newest, and check that the clock of your phone is right."
        )
    codes = new_recovery()
    hashes = [recovery_digest(each, name) for each in codes]
    await desk.store.confirm_second_step(name, at, hashes, AuditEntry(now, name, "codes asked for at sign-in", name))
    return codes


async def drop_codes(desk: Desk, user: User) -> None:
    """No code is asked for any more. Raises a Problem where the district wants one."""
    if not await desk.store.passkeys(user.name):
        _last_step(desk)
    act = AuditEntry(await desk.store.now(), user.name, "codes no longer asked for", user.name)
    await desk.store.drop_second_step(user.name, act)


async def add_passkey(request: Request, desk: Desk, user: User, answer: str, called: str) -> None:
    """Keep what a browser has made. Raises a Problem."""
    door: Authenticator = request.app.state.door
    made, known = await door.made(request, answer), await desk.store.passkeys(user.name)
    if made is None:
        raise Problem(422, "No passkey was made. Try once more, or with another device.")
    if len(known) >= MOST:
        raise Problem(409, f"You have {MOST} passkeys: remove one first.")
    now, (id_, key, count) = await desk.store.now(), made
    name = clean_text(called, 60).replace("\n", " ") or f"Passkey {len(known) + 1}"
    act = AuditEntry(now, user.name, "passkey added", user.name, {"name": name})
    if not await desk.store.add_passkey(Passkey(id_, user.name, name, key, count, now), act):
        raise Problem(409, "This passkey is known already.")


async def drop_passkey(desk: Desk, user: User, id_: str) -> None:
    """Forget a passkey. Raises a Problem."""
    known = await desk.store.passkeys(user.name)
    passkey = next((each for each in known if each.id == id_), None)
    if passkey is None:
        raise Problem(404, "You have no such passkey.")
    step = await desk.store.second_step(user.name)
    if len(known) == 1 and (step is None or step.since is None):
        _last_step(desk)
    act = AuditEntry(await desk.store.now(), user.name, "passkey removed", user.name, {"name": passkey.name})
    await desk.store.drop_passkey(user.name, id_, act)


def _last_step(desk: Desk) -> None:
    if desk.house.second_step == "required":
        raise Problem(409, "Your district asks for a second step: set up another one first, then remove this one.")


# --- sessions -------------------------------------------------------------------------------------------------------


async def sessions(request: Request, desk: Desk, user: User) -> list[Session]:
    """Where somebody is signed in, what was used last first."""
    door: Authenticator = request.app.state.door
    now = await desk.store.now()
    return [each for each in await desk.store.sessions_of(user.name) if door.lives(each, now)]


async def end_session(desk: Desk, user: User, id_: str) -> None:
    """Sign out there. Raises a Problem."""
    act = AuditEntry(await desk.store.now(), user.name, "session ended", user.name, {"session": id_})
    if not await desk.store.end_session(user.name, id_, act):
        raise Problem(404, "You are not signed in there any more.")


async def end_sessions(desk: Desk, user: User, keep: str = "") -> int:
    """Sign out everywhere, but where the session has a hash; how many ended."""
    act = AuditEntry(await desk.store.now(), user.name, "other sessions ended" if keep else "sessions ended", user.name)
    return await desk.store.end_sessions(user.name, act, keep=keep)


# --- tokens ---------------------------------------------------------------------------------------------------------


async def their_tokens(desk: Desk, user: User) -> list[Token]:
    """The tokens that somebody may see and revoke: their own; a technology director everybody's."""
    await desk.need(user, Right.STATS)  # who sees nothing here has no use for a program that does
    every = user.role is AccountRole.TECHNOLOGY_DIRECTOR
    return [each for each in await desk.store.tokens() if every or each.user == user.name]


async def make_token(desk: Desk, user: User, may: str, lasts: str) -> tuple[str, Token]:
    """A new token: its secret, which is nowhere else, and what is listed of it. Raises a Problem."""
    now, reads_only, seconds = await desk.store.now(), MAY.get(may), LASTS.get(lasts)
    if seconds is None or reads_only is None:
        raise Problem(422, "Choose what the token may do and how long it lasts.")
    if not reads_only and not user.may(Right.DECIDE):
        raise Problem(422, "Your role decides nothing: make a token that only reads.")
    own: Sequence[Token] = [each for each in await desk.store.tokens() if each.user == user.name]
    if sum(each.in_force(now) for each in own) >= MOST:
        raise Problem(409, f"You have {MOST} tokens in force: revoke one first.")
    secret = new_token()
    key = digest(secret, "token")
    token = Token(key[:12], user.name, reads_only, now, now + seconds, None)
    detail = {"token": token.id, "expires": seconds, "reads_only": reads_only}
    await desk.store.add_token(key, token, AuditEntry(now, user.name, "token created", user.name, detail))
    return secret, token


async def revoke_token(desk: Desk, user: User, id_: str) -> None:
    """End a token now. Raises a Problem."""
    act = AuditEntry(await desk.store.now(), user.name, "token revoked", id_)
    if id_ not in {each.id for each in await their_tokens(desk, user)} or not await desk.store.revoke_token(id_, act):
        raise Problem(404, "There is no such token in force.")
