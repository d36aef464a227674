"""API tokens by a page: made, with the secret shown once, listed, revoked. Everybody has their own."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.accounts.service import LASTS, MOST, make_token, prove_in_session, revoke_token, their_tokens
from gateway.console.auth.authenticator import SERVICE, SignedIn
from gateway.console.service import Desk
from gateway.console.templating import Pages
from gateway.console.web.deps import Sent, Signed, TheDesk, ThePages
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right

token_pages = APIRouter(include_in_schema=False)


async def _page(
    request: Request, signed: SignedIn, desk: Desk, shown: Pages, secret: str = "", problem: Problem | None = None
) -> Response:
    now, found = await desk.store.now(), await their_tokens(desk, signed.user)
    in_force = [each for each in found if each.in_force(now)]
    return shown.page(
        request, "tokens.html", signed, problem.status if problem else 200, secret=secret, lasts=list(LASTS),
        fault=problem.detail if problem else "", may_decide=signed.user.may(Right.DECIDE),
        by_password=signed.way != SERVICE,
        tokens=sorted(in_force, key=lambda each: (each.user, -each.created_at)),
        ended=sorted((each for each in found if not each.in_force(now)), key=lambda each: -each.created_at)[:MOST],
    )  # fmt: skip


@token_pages.get("/account/tokens")
async def tokens(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The tokens that somebody may see."""
    return await _page(request, signed, desk, shown)


@token_pages.post("/account/tokens")
async def make(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """A new token, for who gives the password again; its secret is on this page and nowhere else."""
    await desk.need(signed.user, Right.STATS)
    try:
        await prove_in_session(request, desk, signed, sent.get("password", ""))
        secret, _ = await make_token(desk, signed.user, sent.get("may", ""), sent.get("lasts", ""))
    except Problem as problem:
        return await _page(request, signed, desk, shown, problem=problem)
    return await _page(request, signed, desk, shown, secret)


@token_pages.post("/account/tokens/{id}/revoke")
async def revoke(id: str, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """End a token now."""
    await revoke_token(desk, signed.user, id)
    return RedirectResponse("/account/tokens", 303)
