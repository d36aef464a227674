"""Pages of API tokens. Everybody manages the own tokens; the secret of a new one is shown once."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.accounts.tokens import MAX_TOKENS, TOKEN_LIFETIMES, TokenService
from gateway.console.auth.authenticator import SIGN_IN_SERVICE, BrowserSession
from gateway.console.templating import Pages
from gateway.console.web.deps import AccountsDep, NowDep, PagesDep, Sent, Signed, TokensDep
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right

token_pages = APIRouter(include_in_schema=False)


@token_pages.get("/account/tokens")
async def list_tokens(request: Request, signed: Signed, tokens: TokensDep, now: NowDep, pages: PagesDep) -> Response:
    """The tokens that the account sees."""
    return await _token_page(request, signed, tokens, now, pages)


@token_pages.post("/account/tokens")
async def create_token(
    request: Request, signed: Signed, sent: Sent, accounts: AccountsDep, tokens: TokensDep, now: NowDep, pages: PagesDep
) -> Response:
    """Create a token, after the password. Its secret is on this page only."""
    await tokens.require_access(signed.user)
    try:
        await accounts.confirm_identity(request, signed, sent.get("password", ""))
        secret, _ = await tokens.create(signed.user, sent.get("may", ""), sent.get("lasts", ""))
    except Problem as problem:
        return await _token_page(request, signed, tokens, now, pages, problem=problem)
    return await _token_page(request, signed, tokens, now, pages, secret)


@token_pages.post("/account/tokens/{id}/revoke")
async def revoke_token(id: str, signed: Signed, sent: Sent, tokens: TokensDep) -> Response:
    """End a token now."""
    await tokens.revoke(signed.user, id)
    return RedirectResponse("/account/tokens", 303)


async def _token_page(
    request: Request, signed: BrowserSession, tokens: TokenService, now: float, pages: Pages, secret: str = "",
    problem: Problem | None = None,
) -> Response:  # fmt: skip
    visible = await tokens.visible_tokens(signed.user)
    valid = sorted(
        (token for token in visible if token.in_force(now)), key=lambda token: (token.user, -token.created_at)
    )  # fmt: skip
    ended = sorted((token for token in visible if not token.in_force(now)), key=lambda token: -token.created_at)
    return pages.page(
        request, "tokens.html", signed, problem.status if problem else 200, secret=secret,
        lifetimes=list(TOKEN_LIFETIMES), fault=problem.detail if problem else "",
        may_decide=signed.user.may(Right.DECIDE), by_password=signed.way != SIGN_IN_SERVICE, tokens=valid,
        ended=ended[:MAX_TOKENS],
    )  # fmt: skip
