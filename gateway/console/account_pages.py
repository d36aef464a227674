"""One's own account: the second step of signing in, set up and taken away, and one's password."""

from __future__ import annotations

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from gateway.console.asking import Sent, Signed, TheDesk, ThePages
from gateway.console.auth import Door, SignedIn
from gateway.console.forms import form_of
from gateway.console.problems import Problem
from gateway.console.public import onward_to
from gateway.console.render import Pages, SignInFirst
from gateway.console.secrets import (
    fits,
    hashed,
    new_recovery,
    new_step_secret,
    recovery_digest,
    step_address,
    step_of,
)
from gateway.core.account import User, password_fault
from gateway.core.decision import Act

account_pages = APIRouter(include_in_schema=False)


async def waiting(request: Request) -> User:
    """Who gave name and password and owes the code. Raises SignInFirst."""
    door: Door = request.app.state.door
    user = await door.waiting(request)
    if user is None:
        raise SignInFirst
    return user


Waiting = Annotated[User, Depends(waiting)]


def _asked(request: Request, shown: Pages, fault: str, status: int, onward: str) -> Response:
    door: Door = request.app.state.door
    request.state.form = door.stranger(request)
    response = shown.page(request, "code.html", None, status, fault=fault, stranger=request.state.form, onward=onward)
    door.form_of_stranger(request, response)
    return response


@account_pages.get("/sign-in/code")
async def code_form(request: Request, user: Waiting, shown: ThePages) -> Response:
    """Ask for the code."""
    return _asked(request, shown, "", 200, onward_to(request.query_params.get("next", "")))


@account_pages.post("/sign-in/code")
async def code(request: Request, user: Waiting, shown: ThePages) -> Response:
    """The second step: with it the session opens."""
    door: Door = request.app.state.door
    sent = await form_of(request)
    onward = onward_to(sent.get("next", ""))
    try:
        door.check_form(request, sent.get("form", ""), request.cookies.get(door.form_cookie, ""))
        secret = await door.step_up(request, user, sent.get("code", "")[:64])
    except Problem as problem:
        return _asked(request, shown, problem.detail, problem.status, onward)
    answer = RedirectResponse(onward, 303)
    door.keep(answer, secret)
    return answer


async def _page(
    request: Request, signed: SignedIn, desk: TheDesk, shown: Pages, fault: str = "", codes: list[str] | None = None
) -> Response:
    user = signed.user
    step = await desk.store.second_step(user.name)
    known = await desk.store.user(user.name)
    picture = ""
    if step is not None and step.since is None:
        drawn = io.BytesIO()
        segno.make(step_address(step.secret, user.name, f"Chaperone {desk.house.district}"), error="m").save(
            drawn, kind="svg", xmldecl=False, svgns=True, scale=5, border=2, dark="#000", light="#fff", omitsize=True
        )
        picture = Markup(drawn.getvalue().decode())
    return shown.page(
        request, "account.html", signed, 422 if fault else 200, step=step, fault=fault, picture=picture,
        codes=codes or [], by_password=known is not None and bool(known[1]),
        buildings=[desk.register.building_name(each) for each in user.buildings],
    )  # fmt: skip


@account_pages.get("/account")
async def account(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """What this account may do, and how it signs in."""
    return await _page(request, signed, desk, shown)


@account_pages.post("/account/codes")
async def begin(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """A secret for an authenticator; it counts once a code of it was given."""
    await desk.store.begin_second_step(signed.user.name, new_step_secret())
    return RedirectResponse("/account", 303)


@account_pages.post("/account/codes/confirm")
async def confirm(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """The first code: from now on one is asked for. The codes for an emergency are shown, once."""
    name, now = signed.user.name, await desk.store.now()
    step = await desk.store.second_step(name)
    at = step_of(step.secret, sent.get("code", "")[:64], now) if step is not None and step.since is None else None
    if at is None:
        return await _page(request, signed, desk, shown, "This code is not the right one. Give the newest, and check "
                           "that the clock of your phone is right.")  # fmt: skip
    codes = new_recovery()
    hashes = [recovery_digest(each, name) for each in codes]
    await desk.store.confirm_second_step(name, at, hashes, Act(now, name, "codes asked for at sign-in", name))
    return await _page(request, signed, desk, shown, codes=codes)


@account_pages.post("/account/codes/off")
async def off(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """No code is asked for any more; the password is, now."""
    if fault := await _wrong(request, signed, desk, sent.get("password", "")):
        return await _page(request, signed, desk, shown, fault)
    name = signed.user.name
    await desk.store.drop_second_step(name, Act(await desk.store.now(), name, "codes no longer asked for", name))
    return RedirectResponse("/account", 303)


@account_pages.post("/account/password")
async def password(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """A new password; every session of the account ends, this one too."""
    new, name = sent.get("new", ""), signed.user.name
    fault = await _wrong(request, signed, desk, sent.get("password", "")) or password_fault(new, name)
    if fault:
        return await _page(request, signed, desk, shown, fault[:1].upper() + fault[1:])
    await desk.store.set_password(name, await hashed(new), Act(await desk.store.now(), name, "password changed", name))
    return RedirectResponse("/sign-in", 303)


async def _wrong(request: Request, signed: SignedIn, desk: TheDesk, given: str) -> str:
    door: Door = request.app.state.door
    await door.not_too_often(request, signed.user.name)
    known = await desk.store.user(signed.user.name)
    if known is not None and await fits(given[:600], known[1] or None):
        return ""
    await door.count_refusal(request, signed.user.name)
    return "Your password is wrong."
