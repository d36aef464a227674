"""One's own account: the second step of signing in, set up and taken away, one's password, and one's sessions."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from gateway.console.accounts.service import (
    change_password,
    confirm_codes,
    drop_codes,
    end_session,
    end_sessions,
    prove,
    sessions,
)
from gateway.console.auth.authenticator import Authenticator, SignedIn
from gateway.console.auth.credentials import new_step_secret, step_address
from gateway.console.auth.sign_in_pages import onward_to
from gateway.console.templating import Pages, SignInFirst
from gateway.console.web.deps import Sent, Signed, TheDesk, ThePages
from gateway.console.web.errors import Problem
from gateway.console.web.forms import read_form
from gateway.core.accounts.account import User

account_pages = APIRouter(include_in_schema=False)


async def waiting(request: Request) -> User:
    """Who gave name and password and owes the code. Raises SignInFirst."""
    door: Authenticator = request.app.state.door
    user = await door.waiting(request)
    if user is None:
        raise SignInFirst
    return user


Waiting = Annotated[User, Depends(waiting)]


async def _asked(request: Request, user: User, shown: Pages, problem: Problem | None, onward: str) -> Response:
    door: Authenticator = request.app.state.door
    request.state.form = door.stranger(request)
    by_code, passkey = await door.steps(request, user)
    response = shown.page(
        request, "code.html", None, problem.status if problem else 200, fault=problem.detail if problem else "",
        stranger=request.state.form, onward=onward, by_code=by_code, passkey=passkey,
    )  # fmt: skip
    door.form_of_stranger(request, response)
    return response


@account_pages.get("/sign-in/code")
async def code_form(request: Request, user: Waiting, shown: ThePages) -> Response:
    """Ask for the code, or a passkey."""
    return await _asked(request, user, shown, None, onward_to(request.query_params.get("next", "")))


@account_pages.post("/sign-in/code")
async def code(request: Request, user: Waiting, shown: ThePages) -> Response:
    """The second step: with it the session opens."""
    door: Authenticator = request.app.state.door
    sent = await read_form(request)
    onward = onward_to(sent.get("next", ""))
    try:
        door.check_form(request, sent.get("form", ""), request.cookies.get(door.form_cookie, ""))
        if answer := sent.get("passkey", ""):
            secret = await door.step_up_by_key(request, user, answer)
        else:
            secret = await door.step_up(request, user, sent.get("code", "")[:64])
    except Problem as problem:
        return await _asked(request, user, shown, problem, onward)
    response = RedirectResponse(onward, 303)
    door.keep(request, response, secret)
    return response


async def account_page(
    request: Request, signed: SignedIn, desk: TheDesk, shown: Pages, problem: Problem | None = None,
    codes: list[str] | None = None, making: str = "", secret: str = "",
) -> Response:  # fmt: skip
    """The page of one's own account; `making`: what a browser needs to make a passkey now; `secret`: of new codes."""
    user, door = signed.user, request.app.state.door
    step = await desk.store.second_step(user.name)
    known = await desk.store.user(user.name)
    picture = ""
    if secret and step is not None and step.since is None:
        drawn = io.BytesIO()
        segno.make(step_address(secret, user.name, f"Chaperone {desk.house.district}"), error="m").save(
            drawn, kind="svg", xmldecl=False, svgns=True, scale=5, border=2, dark="#000", light="#fff", omitsize=True
        )
        picture = Markup(drawn.getvalue().decode())
    return shown.page(
        request, "account.html", signed, problem.status if problem else 200, step=step,
        fault=problem.detail if problem else "", picture=picture, secret=secret, codes=codes or [], making=making,
        by_password=known is not None and bool(known[1]), passkeys=await desk.store.passkeys(user.name),
        takes_passkeys=door.keys is not None, sessions=await sessions(request, desk, user),
        here=signed.key, buildings=[desk.register.building_name(each) for each in user.buildings],
    )  # fmt: skip


@account_pages.get("/account")
async def account(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """What this account may do, how it signs in, and where it is signed in."""
    return await account_page(request, signed, desk, shown)


@account_pages.post("/account/codes")
async def begin(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """A secret for an authenticator, shown once to who gives the password; it counts once a code of it was given."""
    try:
        await prove(request, desk, signed.user, sent.get("password", ""))
    except Problem as problem:
        return await account_page(request, signed, desk, shown, problem)
    secret = new_step_secret()
    await desk.store.begin_second_step(signed.user.name, secret)
    return await account_page(request, signed, desk, shown, secret=secret)


@account_pages.post("/account/codes/confirm")
async def confirm(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """The first code: from now on one is asked for. The codes for an emergency are shown, once."""
    try:
        codes = await confirm_codes(desk, signed.user, sent.get("code", ""))
    except Problem as problem:
        return await account_page(request, signed, desk, shown, problem)
    return await account_page(request, replace(signed, owes_step=False), desk, shown, codes=codes)


@account_pages.post("/account/codes/off")
async def off(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """No code is asked for any more; the password is, now."""
    try:
        await prove(request, desk, signed.user, sent.get("password", ""))
        await drop_codes(desk, signed.user)
    except Problem as problem:
        return await account_page(request, signed, desk, shown, problem)
    return RedirectResponse("/account", 303)


@account_pages.post("/account/password")
async def password(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """A new password; every other session of the account ends, and its tokens where that is asked."""
    try:
        await prove(request, desk, signed.user, sent.get("password", ""))
        tokens = sent.get("tokens") == "yes"
        await change_password(desk, signed.user, sent.get("new", ""), keep=signed.key, tokens=tokens)
    except Problem as problem:
        return await account_page(request, signed, desk, shown, problem)
    return RedirectResponse("/account", 303)


@account_pages.post("/account/sessions/others")
async def end_others(signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Sign out everywhere else."""
    await end_sessions(desk, signed.user, keep=signed.key)
    return RedirectResponse("/account", 303)


@account_pages.post("/account/sessions/{id}/end")
async def end_one(id: str, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Sign out there."""
    await end_session(desk, signed.user, id[:64])
    return RedirectResponse("/account", 303)
