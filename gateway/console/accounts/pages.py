"""The page of a person's own account: password, one-time codes and sessions."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import segno
from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from gateway.console.accounts.service import AccountService
from gateway.console.auth.authenticator import BrowserSession
from gateway.console.templating import Pages
from gateway.console.web.deps import AccountsDep, PagesDep, Sent, Signed
from gateway.console.web.errors import Problem

account_pages = APIRouter(include_in_schema=False)


async def account_page(
    request: Request, session: BrowserSession, accounts: AccountService, pages: Pages, problem: Problem | None = None,
    *, recovery_codes: Sequence[str] = (), creation_options: str = "", secret: str = "",
) -> Response:  # fmt: skip
    """The page of the account. `creation_options`: for a new passkey; `secret`: of codes that are being set up."""
    user, methods = session.user, await accounts.sign_in_methods(session.user)
    unconfirmed = methods.step is not None and not methods.asks_for_codes
    picture = _qr_code(accounts.totp_uri(user, secret)) if secret and unconfirmed else ""
    return pages.page(
        request, "account.html", session, problem.status if problem else 200, step=methods.step,
        fault=problem.detail if problem else "", picture=picture, secret=secret, recovery_codes=recovery_codes,
        creation_options=creation_options, by_password=methods.has_password, passkeys=methods.passkeys,
        takes_passkeys=accounts.takes_passkeys, sessions=await accounts.sessions(user), here=session.key,
        buildings=accounts.building_names(user),
    )  # fmt: skip


def _qr_code(uri: str) -> str:
    """A QR code as SVG."""
    drawn = io.BytesIO()
    segno.make(uri, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=True, scale=5, border=2, dark="#000", light="#fff", omitsize=True
    )
    return Markup(drawn.getvalue().decode())


@account_pages.get("/account")
async def account(request: Request, signed: Signed, accounts: AccountsDep, pages: PagesDep) -> Response:
    """What the account may do, how it signs in, and where it is signed in."""
    return await account_page(request, signed, accounts, pages)


@account_pages.post("/account/codes")
async def begin_codes(
    request: Request, signed: Signed, sent: Sent, accounts: AccountsDep, pages: PagesDep
) -> Response:  # fmt: skip
    """Show a secret for an authenticator app, once, after the password."""
    try:
        await accounts.confirm_password(request, signed.user, sent.get("password", ""))
    except Problem as problem:
        return await account_page(request, signed, accounts, pages, problem)
    secret = await accounts.begin_codes(signed.user)
    return await account_page(request, signed, accounts, pages, secret=secret)


@account_pages.post("/account/codes/confirm")
async def confirm_codes(
    request: Request, signed: Signed, sent: Sent, accounts: AccountsDep, pages: PagesDep
) -> Response:  # fmt: skip
    """Ask for codes from now on. The recovery codes are shown once."""
    try:
        codes = await accounts.confirm_codes(signed.user, sent.get("code", ""))
    except Problem as problem:
        return await account_page(request, signed, accounts, pages, problem)
    return await account_page(request, replace(signed, owes_step=False), accounts, pages, recovery_codes=codes)


@account_pages.post("/account/codes/off")
async def remove_codes(
    request: Request, signed: Signed, sent: Sent, accounts: AccountsDep, pages: PagesDep
) -> Response:  # fmt: skip
    """Ask for no more codes, after the password."""
    try:
        await accounts.confirm_password(request, signed.user, sent.get("password", ""))
        await accounts.remove_codes(signed.user)
    except Problem as problem:
        return await account_page(request, signed, accounts, pages, problem)
    return RedirectResponse("/account", 303)


@account_pages.post("/account/password")
async def change_password(
    request: Request, signed: Signed, sent: Sent, accounts: AccountsDep, pages: PagesDep
) -> Response:  # fmt: skip
    """Set a new password and end every other session; the tokens too, if the form says so."""
    end_tokens = sent.get("tokens") == "yes"
    try:
        await accounts.confirm_password(request, signed.user, sent.get("password", ""))
        await accounts.change_password(signed.user, sent.get("new", ""), keep=signed.key, end_tokens=end_tokens)
    except Problem as problem:
        return await account_page(request, signed, accounts, pages, problem)
    return RedirectResponse("/account", 303)


@account_pages.post("/account/sessions/others")
async def end_other_sessions(signed: Signed, sent: Sent, accounts: AccountsDep) -> Response:
    """Sign out everywhere else."""
    await accounts.end_sessions(signed.user, keep=signed.key)
    return RedirectResponse("/account", 303)


@account_pages.post("/account/sessions/{id}/end")
async def end_session(id: str, signed: Signed, sent: Sent, accounts: AccountsDep) -> Response:
    """Sign out one other browser."""
    await accounts.end_session(signed.user, id[:64])
    return RedirectResponse("/account", 303)
