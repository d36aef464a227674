"""Passkeys on the page of the account: created on a device, and removed."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.accounts.pages import account_page
from gateway.console.web.deps import AccountsDep, PagesDep, Sent, Signed
from gateway.console.web.errors import Problem

passkey_pages = APIRouter(include_in_schema=False)


@passkey_pages.post("/account/passkeys")
async def begin_passkey(
    request: Request, signed: Signed, sent: Sent, accounts: AccountsDep, pages: PagesDep
) -> Response:  # fmt: skip
    """The page on which the browser creates a passkey."""
    try:
        options = await accounts.passkey_creation_options(request, signed)
    except Problem as problem:
        return await account_page(request, signed, accounts, pages, problem)
    return await account_page(request, signed, accounts, pages, creation_options=options)


@passkey_pages.post("/account/passkeys/made")
async def add_passkey(
    request: Request, signed: Signed, sent: Sent, accounts: AccountsDep, pages: PagesDep
) -> Response:  # fmt: skip
    """Keep the passkey that the browser has created, after the password: it signs in alone."""
    try:
        await accounts.confirm_password(request, signed.user, sent.get("password", ""))
        await accounts.add_passkey(request, signed.user, sent.get("passkey", ""), sent.get("name", ""))
    except Problem as problem:
        return await account_page(request, signed, accounts, pages, problem)
    return RedirectResponse("/account", 303)


@passkey_pages.post("/account/passkeys/{id}/remove")
async def remove_passkey(
    id: str, request: Request, signed: Signed, sent: Sent, accounts: AccountsDep, pages: PagesDep
) -> Response:
    """Remove a passkey, after the password."""
    try:
        await accounts.confirm_password(request, signed.user, sent.get("password", ""))
        await accounts.remove_passkey(signed.user, id[:2000])
    except Problem as problem:
        return await account_page(request, signed, accounts, pages, problem)
    return RedirectResponse("/account", 303)
