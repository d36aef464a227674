"""API tokens by a page: made, with the secret shown once, listed, revoked. Everybody has their own."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.asking import Sent, Signed, TheDesk, ThePages
from gateway.console.auth import SignedIn
from gateway.console.desk import DAY, Desk
from gateway.console.problems import Problem
from gateway.console.render import Pages
from gateway.console.secrets import digest, new_token
from gateway.core.account import AccountRole, Right, Token, User
from gateway.core.decision import Act

token_pages = APIRouter(include_in_schema=False)

LASTS = {"7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY, "365d": 365 * DAY}
"""How long a token can be made to last."""
MOST = 20
"""Tokens in force of one account."""
_MAY = {"read": True, "decide": False}


async def _theirs(desk: Desk, user: User) -> list[Token]:
    """The tokens that somebody may see and revoke: their own; a technology director everybody's."""
    await desk.need(user, Right.STATS)  # who sees nothing here has no use for a program that does
    every = user.role is AccountRole.TECHNOLOGY_DIRECTOR
    return [each for each in await desk.store.tokens() if every or each.user == user.name]


async def _page(request: Request, signed: SignedIn, desk: Desk, shown: Pages, secret: str = "") -> Response:
    now, found = await desk.store.now(), await _theirs(desk, signed.user)
    in_force = [each for each in found if _in_force(each, now)]
    return shown.page(
        request, "tokens.html", signed, secret=secret, lasts=list(LASTS), may_decide=signed.user.may(Right.DECIDE),
        tokens=sorted(in_force, key=lambda each: (each.user, -each.created_at)),
        ended=sorted((each for each in found if not _in_force(each, now)), key=lambda each: -each.created_at)[:MOST],
    )  # fmt: skip


def _in_force(token: Token, now: float) -> bool:
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


@token_pages.get("/account/tokens")
async def tokens(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The tokens that somebody may see."""
    return await _page(request, signed, desk, shown)


@token_pages.post("/account/tokens")
async def make(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """A new token; its secret is on this page and nowhere else."""
    user, now = signed.user, await desk.store.now()
    lasts, reads_only = LASTS.get(sent.get("lasts", "")), _MAY.get(sent.get("may", ""))
    own = [each for each in await _theirs(desk, user) if each.user == user.name and _in_force(each, now)]
    if lasts is None or reads_only is None:
        raise Problem(422, "Choose what the token may do and how long it lasts.")
    if len(own) >= MOST:
        raise Problem(409, f"You have {MOST} tokens in force: revoke one first.")
    secret = new_token()
    key = digest(secret, "token")
    token = Token(key[:12], user.name, reads_only, now, now + lasts, None)
    detail = {"token": token.id, "expires": lasts, "reads_only": reads_only}
    await desk.store.add_token(key, token, Act(now, user.name, "token created", user.name, detail))
    return await _page(request, signed, desk, shown, secret)


@token_pages.post("/account/tokens/{id}/revoke")
async def revoke(id: str, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """End a token now."""
    act = Act(await desk.store.now(), signed.user.name, "token revoked", id)
    if id not in {each.id for each in await _theirs(desk, signed.user)} or not await desk.store.revoke_token(id, act):
        raise Problem(404, "There is no such token in force.")
    return RedirectResponse("/account/tokens", 303)
