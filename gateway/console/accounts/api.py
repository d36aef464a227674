"""The API of one's own account: what its pages do, for a token that may change things."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Security

from gateway.console.accounts import schemas as told
from gateway.console.accounts.service import (
    change_password,
    confirm_codes,
    drop_codes,
    drop_passkey,
    end_session,
    end_sessions,
    make_token,
    prove,
    revoke_token,
    sessions,
    their_tokens,
)
from gateway.console.auth.authenticator import Authenticator
from gateway.console.auth.credentials import new_step_secret, step_address
from gateway.console.web.api_deps import Decider, Reader, bearer, problems
from gateway.console.web.deps import TheDesk
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, Token
from gateway.core.serialization.json_fields import rfc3339

account_api = APIRouter(
    prefix="/api/v1", responses=problems(401, 403, 422, 429, 503), dependencies=[Security(bearer)]
)  # fmt: skip

_DOING = problems(400, 404, 409, 413)
Named = Annotated[str, Path(min_length=1, max_length=1400)]


def _time(at: float | None) -> str | None:
    return None if at is None else rfc3339(at)


@account_api.get("/me", response_model=told.Me, summary="Whose token this is, and what it may do")
async def me(request: Request, desk: TheDesk, user: Reader) -> dict[str, object]:
    door: Authenticator = request.app.state.door
    _, token = await door.program(request)
    known, step = await desk.store.user(user.name), await desk.store.second_step(user.name)
    confirmed = step is not None and step.since is not None
    return {
        "name": user.name, "role": user.role, "buildings": list(user.buildings), "person": user.person,
        "rights": [each for each in Right if user.may(each) and not (token.reads_only and each is Right.DECIDE)],
        "token": token.id, "token_reads_only": token.reads_only, "token_expires_at": _time(token.expires_at),
        "by_password": known is not None and bool(known[1]), "codes": confirmed,
        "emergency_codes_left": step.recovery if step is not None and confirmed else 0,
        "passkeys": len(await desk.store.passkeys(user.name)),
    }  # fmt: skip


@account_api.put(
    "/me/password", response_model=told.Ended, responses=_DOING, summary="A new password; it ends every session"
)  # fmt: skip
async def password(request: Request, desk: TheDesk, user: Decider, asked: told.NewPassword) -> dict[str, int]:
    """The one that the account has is asked for; tokens stay unless `end_tokens`, this one too."""
    await prove(request, desk, user, asked.password)
    ended = len(await sessions(request, desk, user))
    await change_password(desk, user, asked.new, tokens=asked.end_tokens)
    return {"ended": ended}


@account_api.post(
    "/me/codes", response_model=told.CodesBegun, responses=_DOING, summary="Begin to set up codes for signing in"
)  # fmt: skip
async def begin_codes(request: Request, desk: TheDesk, user: Decider, asked: told.Password) -> dict[str, str]:
    """The password is asked for. A code is asked for once one was given to `/me/codes/confirm`."""
    await prove(request, desk, user, asked.password)
    step = await desk.store.second_step(user.name)
    if step is not None and step.since is not None:
        raise Problem(409, "A code is asked for already: switch that off first, to set it up anew.")
    secret = new_step_secret()
    await desk.store.begin_second_step(user.name, secret)
    return {"secret": secret, "address": step_address(secret, user.name, f"Chaperone {desk.house.district}")}


@account_api.post(
    "/me/codes/confirm", response_model=told.CodesConfirmed, responses=_DOING,
    summary="Ask for a code at sign-in from now on",
)  # fmt: skip
async def codes_on(desk: TheDesk, user: Decider, asked: told.Code) -> dict[str, list[str]]:
    """The first code shows that the authenticator has the secret."""
    return {"emergency_codes": await confirm_codes(desk, user, asked.code)}


@account_api.post(
    "/me/codes/off", response_model=told.Gone, responses=_DOING, summary="Ask for no code at sign-in any more"
)  # fmt: skip
async def codes_off(request: Request, desk: TheDesk, user: Decider, asked: told.Password) -> dict[str, str]:
    """The password is asked for."""
    await prove(request, desk, user, asked.password)
    await drop_codes(desk, user)
    return {"id": "codes"}


@account_api.get("/me/sessions", response_model=told.SessionList, summary="Where you are signed in")
async def list_sessions(request: Request, desk: TheDesk, user: Reader) -> dict[str, object]:
    """Browsers, from where in coarse words."""
    rows = [
        {
            "id": each.id, "place": each.place, "way": each.way, "began_at": rfc3339(each.created_at),
            "used_at": rfc3339(each.seen_at), "ends_at": rfc3339(each.expires_at),
        }
        for each in await sessions(request, desk, user)
    ]  # fmt: skip
    return {"items": rows, "next": None}


@account_api.delete("/me/sessions", response_model=told.Ended, responses=_DOING, summary="Sign out everywhere")
async def end_all(desk: TheDesk, user: Decider) -> dict[str, int]:
    """Tokens stay."""
    return {"ended": await end_sessions(desk, user)}


@account_api.delete(
    "/me/sessions/{id}", response_model=told.Gone, responses=_DOING, summary="Sign out there"
)  # fmt: skip
async def end_one(desk: TheDesk, user: Decider, id: Named) -> dict[str, str]:
    """One browser."""
    await end_session(desk, user, id[:64])
    return {"id": id}


@account_api.get("/me/passkeys", response_model=told.PasskeyList, summary="Your passkeys")
async def list_passkeys(desk: TheDesk, user: Reader) -> dict[str, object]:
    """They are made by a browser, on the page of the account."""
    rows = [
        {"id": each.id, "name": each.name, "added_at": rfc3339(each.created_at), "used_at": _time(each.used_at)}
        for each in await desk.store.passkeys(user.name)
    ]
    return {"items": rows, "next": None}


@account_api.post(
    "/me/passkeys/{id}/remove", response_model=told.Gone, responses=_DOING, summary="Remove a passkey"
)  # fmt: skip
async def remove_passkey(
    request: Request, desk: TheDesk, user: Decider, id: Named, asked: told.Password
) -> dict[str, str]:
    """The password is asked for."""
    await prove(request, desk, user, asked.password)
    await drop_passkey(desk, user, id)
    return {"id": id}


@account_api.get("/tokens", response_model=told.TokenList, summary="Your tokens; a technology director's: everybody's")
async def list_tokens(desk: TheDesk, user: Reader) -> dict[str, object]:
    """Without their secrets, which nobody has but who made them."""
    return {"items": [_token(each) for each in await their_tokens(desk, user)], "next": None}


@account_api.post(
    "/tokens", status_code=201, response_model=told.TokenMade, responses=_DOING, summary="Make a token"
)  # fmt: skip
async def new_token(request: Request, desk: TheDesk, user: Decider, asked: told.NewToken) -> dict[str, object]:
    """The password is asked for; who has none makes tokens on the page."""
    await desk.need(user, Right.STATS)
    await prove(request, desk, user, asked.password)
    secret, token = await make_token(desk, user, asked.may, asked.lasts)
    return {**_token(token), "secret": secret}


@account_api.delete("/tokens/{id}", response_model=told.Gone, responses=_DOING, summary="Revoke a token")
async def end_token(desk: TheDesk, user: Decider, id: Named) -> dict[str, str]:
    """It opens nothing any more."""
    await revoke_token(desk, user, id[:64])
    return {"id": id}


def _token(each: Token) -> dict[str, object]:
    return {
        "id": each.id, "user": each.user, "may": "read" if each.reads_only else "decide",
        "created_at": rfc3339(each.created_at), "expires_at": _time(each.expires_at),
        "revoked_at": _time(each.revoked_at), "used_at": _time(each.used_at),
    }  # fmt: skip
