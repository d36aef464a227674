"""Passkeys by a page: signing in by one, made on a device, removed."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.accounts.pages import account_page
from gateway.console.accounts.service import add_passkey, drop_passkey, prove
from gateway.console.auth.authenticator import SERVICE, Authenticator
from gateway.console.auth.sign_in_pages import onward_to, sign_in_form
from gateway.console.web.deps import Sent, Signed, TheDesk, ThePages
from gateway.console.web.errors import Problem
from gateway.console.web.forms import read_form

passkey_pages = APIRouter(include_in_schema=False)


@passkey_pages.post("/sign-in/passkey")
async def sign_in(request: Request) -> Response:
    """Sign in by a passkey alone."""
    door: Authenticator = request.app.state.door
    sent = await read_form(request)
    onward = onward_to(sent.get("next", ""))
    try:
        door.check_form(request, sent.get("form", ""), request.cookies.get(door.form_cookie, ""))
        secret = await door.sign_in_by_key(request, sent.get("passkey", ""), sent.get("asked", ""))
    except Problem as problem:
        response = await sign_in_form(request, problem.detail, problem.status, onward)
        response.headers.update({k: v for k, v in problem.headers.items() if k == "Retry-After"})
        return response
    answer = RedirectResponse(onward, 303)
    door.keep(request, answer, secret)
    return answer


@passkey_pages.post("/account/passkeys")
async def begin(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """The page on which the browser makes one."""
    door: Authenticator = request.app.state.door
    making = await door.to_make(request, signed.user, await desk.store.passkeys(signed.user.name))
    if not making or signed.way == SERVICE:
        return await account_page(
            request, signed, desk, shown,
            Problem(409, "Passkeys are for accounts with a password, at an address with https and a name."),
        )  # fmt: skip
    return await account_page(request, signed, desk, shown, making=making)


@passkey_pages.post("/account/passkeys/made")
async def made(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """The browser has made it: from now on it is asked for at sign-in."""
    try:
        await prove(request, desk, signed.user, sent.get("password", ""))  # it opens the account alone
        await add_passkey(request, desk, signed.user, sent.get("passkey", ""), sent.get("name", ""))
    except Problem as problem:
        return await account_page(request, signed, desk, shown, problem)
    return RedirectResponse("/account", 303)


@passkey_pages.post("/account/passkeys/{id}/remove")
async def remove(
    id: str, request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages
) -> Response:  # fmt: skip
    """Forget one; the password is asked for."""
    try:
        await prove(request, desk, signed.user, sent.get("password", ""))
        await drop_passkey(desk, signed.user, id[:2000])
    except Problem as problem:
        return await account_page(request, signed, desk, shown, problem)
    return RedirectResponse("/account", 303)
