"""The API of a person's own account, sessions, passkeys and tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request

from gateway.console.accounts import schemas
from gateway.console.web.api_deps import Decider, Reader, api_router, problems
from gateway.console.web.deps import AccountsDep, TokensDep
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, Token
from gateway.core.serialization.json_fields import rfc3339

account_api = api_router()

_CHANGES = problems(400, 404, 409, 413)
IdInPath = Annotated[str, Path(min_length=1, max_length=1400)]


def _time(at: float | None) -> str | None:
    return None if at is None else rfc3339(at)


@account_api.get("/me", response_model=schemas.OwnAccount, summary="Whose token this is, and what it may do")
async def own_account(request: Request, accounts: AccountsDep, user: Reader) -> dict[str, object]:
    token, methods = await accounts.current_token(request), await accounts.sign_in_methods(user)
    step = methods.step if methods.asks_for_codes else None
    return {
        "name": user.name, "role": user.role, "buildings": list(user.buildings), "person": user.person,
        "rights": [right for right in Right if user.may(right) and not (token.reads_only and right is Right.DECIDE)],
        "token": token.id, "token_reads_only": token.reads_only, "token_expires_at": _time(token.expires_at),
        "by_password": methods.has_password, "codes": step is not None,
        "emergency_codes_left": step.recovery if step is not None else 0, "passkeys": len(methods.passkeys),
    }  # fmt: skip


@account_api.put(
    "/me/password", response_model=schemas.EndedCount, responses=_CHANGES,
    summary="Change your password; every session ends",
)  # fmt: skip
async def change_password(
    request: Request, accounts: AccountsDep, user: Decider, body: schemas.NewPassword
) -> dict[str, int]:
    """The current password is required. Tokens stay valid unless `end_tokens`, which ends this one too."""
    await accounts.confirm_password(request, user, body.password)
    ended = len(await accounts.sessions(user))
    await accounts.change_password(user, body.new, end_tokens=body.end_tokens)
    return {"ended": ended}


@account_api.post(
    "/me/codes", response_model=schemas.CodeSetup, responses=_CHANGES, summary="Start to set up codes for signing in"
)  # fmt: skip
async def begin_codes(
    request: Request, accounts: AccountsDep, user: Decider, body: schemas.PasswordBody
) -> dict[str, str]:
    """The password is required. Codes are required at sign-in once `/me/codes/confirm` got a right one."""
    await accounts.confirm_password(request, user, body.password)
    if (await accounts.sign_in_methods(user)).asks_for_codes:
        raise Problem(409, "Codes are set up already: switch them off first to set them up again.")
    secret = await accounts.begin_codes(user)
    return {"secret": secret, "address": accounts.totp_uri(user, secret)}


@account_api.post(
    "/me/codes/confirm", response_model=schemas.RecoveryCodes, responses=_CHANGES,
    summary="Require codes at sign-in from now on",
)  # fmt: skip
async def confirm_codes(accounts: AccountsDep, user: Decider, body: schemas.CodeBody) -> dict[str, list[str]]:
    """The first code shows that the authenticator app has the secret."""
    return {"emergency_codes": await accounts.confirm_codes(user, body.code)}


@account_api.post(
    "/me/codes/off", response_model=schemas.RemovedId, responses=_CHANGES, summary="Require no more codes at sign-in"
)  # fmt: skip
async def remove_codes(
    request: Request, accounts: AccountsDep, user: Decider, body: schemas.PasswordBody
) -> dict[str, str]:
    """The password is required."""
    await accounts.confirm_password(request, user, body.password)
    await accounts.remove_codes(user)
    return {"id": "codes"}


@account_api.get("/me/sessions", response_model=schemas.SessionList, summary="Where you are signed in")
async def list_sessions(accounts: AccountsDep, user: Reader) -> dict[str, object]:
    """Browsers, with a rough description of each."""
    rows = [
        {
            "id": session.id, "place": session.place, "way": session.way, "began_at": rfc3339(session.created_at),
            "used_at": rfc3339(session.seen_at), "ends_at": rfc3339(session.expires_at),
        }
        for session in await accounts.sessions(user)
    ]  # fmt: skip
    return {"items": rows, "next": None}


@account_api.delete(
    "/me/sessions", response_model=schemas.EndedCount, responses=_CHANGES, summary="Sign out everywhere"
)
async def end_sessions(accounts: AccountsDep, user: Decider) -> dict[str, int]:
    """Tokens stay valid."""
    return {"ended": await accounts.end_sessions(user)}


@account_api.delete(
    "/me/sessions/{id}", response_model=schemas.RemovedId, responses=_CHANGES, summary="Sign out one browser"
)  # fmt: skip
async def end_session(accounts: AccountsDep, user: Decider, id: IdInPath) -> dict[str, str]:
    await accounts.end_session(user, id[:64])
    return {"id": id}


@account_api.get("/me/passkeys", response_model=schemas.PasskeyList, summary="Your passkeys")
async def list_passkeys(accounts: AccountsDep, user: Reader) -> dict[str, object]:
    """Passkeys are created in a browser, on the page of the account."""
    rows = [
        {
            "id": passkey.id, "name": passkey.name, "added_at": rfc3339(passkey.created_at),
            "used_at": _time(passkey.used_at),
        }
        for passkey in await accounts.passkeys(user)
    ]  # fmt: skip
    return {"items": rows, "next": None}


@account_api.post(
    "/me/passkeys/{id}/remove", response_model=schemas.RemovedId, responses=_CHANGES, summary="Remove a passkey"
)  # fmt: skip
async def remove_passkey(
    request: Request, accounts: AccountsDep, user: Decider, id: IdInPath, body: schemas.PasswordBody
) -> dict[str, str]:
    """The password is required."""
    await accounts.confirm_password(request, user, body.password)
    await accounts.remove_passkey(user, id)
    return {"id": id}


@account_api.get(
    "/tokens", response_model=schemas.TokenList, summary="Your tokens; for a technology director, everybody's"
)  # fmt: skip
async def list_tokens(tokens: TokensDep, user: Reader) -> dict[str, object]:
    """Without secrets: only the person who made a token has its secret."""
    return {"items": [_token_row(token) for token in await tokens.visible_tokens(user)], "next": None}


@account_api.post(
    "/tokens", status_code=201, response_model=schemas.CreatedToken, responses=_CHANGES, summary="Make a token"
)  # fmt: skip
async def create_token(
    request: Request, accounts: AccountsDep, tokens: TokensDep, user: Decider, body: schemas.NewToken
) -> dict[str, object]:
    """The password is required. An account without one makes tokens on its page."""
    await tokens.require_access(user)
    await accounts.confirm_password(request, user, body.password)
    secret, token = await tokens.create(user, body.may, body.lasts)
    return {**_token_row(token), "secret": secret}


@account_api.delete(
    "/tokens/{id}", response_model=schemas.RemovedId, responses=_CHANGES, summary="Revoke a token"
)  # fmt: skip
async def revoke_token(tokens: TokensDep, user: Decider, id: IdInPath) -> dict[str, str]:
    """The token gives no more access."""
    await tokens.revoke(user, id[:64])
    return {"id": id}


def _token_row(token: Token) -> dict[str, object]:
    return {
        "id": token.id, "user": token.user, "may": "read" if token.reads_only else "decide",
        "created_at": rfc3339(token.created_at), "expires_at": _time(token.expires_at),
        "revoked_at": _time(token.revoked_at), "used_at": _time(token.used_at),
    }  # fmt: skip
