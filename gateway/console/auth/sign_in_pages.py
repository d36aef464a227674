"""Pages to sign in and out: name and password, the second step, and passkeys."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.auth.cookies import check_form
from gateway.console.templating import Pages, SignInFirst
from gateway.console.web.deps import AuthenticatorDep, PagesDep, Sent, Signed
from gateway.console.web.errors import Problem
from gateway.console.web.forms import read_form
from gateway.core.accounts.account import User

sign_in_pages = APIRouter(include_in_schema=False)

_PAGES_AFTER_SIGN_IN = re.compile(
    r"/(?:messages/[0-9a-z]{1,64}|cases(?:/[0-9]{1,17})?|help|decided|delivered|trace|audit|mine|reports)?"
)


def next_page(path: str) -> str:
    """The path of the page to show after sign-in; "/" unless it is one of this console's pages."""
    return path if _PAGES_AFTER_SIGN_IN.fullmatch(path) else "/"


# name and password


@sign_in_pages.get("/sign-in")
async def sign_in_page(request: Request, authenticator: AuthenticatorDep) -> Response:
    """The sign-in form."""
    onward = next_page(request.query_params.get("next", ""))
    if await authenticator.browser_session(request) is not None:
        return RedirectResponse(onward, 303)
    return await sign_in_form(request, authenticator, onward)


async def sign_in_form(
    request: Request, authenticator: AuthenticatorDep, onward: str, problem: Problem | None = None, name: str = ""
) -> Response:
    """The form for name and password, a passkey, or the district's sign-in service."""
    pages: Pages = request.app.state.pages
    form_secret = authenticator.cookies.new_form_secret(request)
    passkey, asked_at = await authenticator.passkey_sign_in_options(form_secret)
    response = pages.page(
        request, "sign_in.html", None, problem.status if problem else 200, fault=problem.detail if problem else "",
        form_secret=form_secret, onward=onward, name=name, service=request.app.state.sign_in_service is not None,
        passkey=passkey, asked_at=asked_at,
    )  # fmt: skip
    if problem is not None and "Retry-After" in problem.headers:
        response.headers["Retry-After"] = problem.headers["Retry-After"]
    authenticator.cookies.set_form_secret(response, form_secret)
    return response


@sign_in_pages.post("/sign-in")
async def sign_in(request: Request, authenticator: AuthenticatorDep) -> Response:
    """Sign in with name and password. The browser gets a new session, whatever it had before."""
    form, cookies = await read_form(request), authenticator.cookies
    onward, name = next_page(form.get("next", "")), form.get("name", "")
    try:
        check_form(request, form.get("form", ""), cookies.form_secret(request))
        secret, waits = await authenticator.sign_in(request, name, form.get("password", ""))
    except Problem as problem:
        return await sign_in_form(request, authenticator, onward, problem, name[:64])
    response = RedirectResponse(f"/sign-in/code?{urlencode({'next': onward})}" if waits else onward, 303)
    cookies.set_session(request, response, secret)
    return response


@sign_in_pages.post("/sign-out")
async def sign_out(request: Request, signed: Signed, sent: Sent, authenticator: AuthenticatorDep) -> Response:
    """End the session."""
    await authenticator.sign_out(request, signed.user)
    response = RedirectResponse("/sign-in", 303)
    authenticator.cookies.delete_session(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


# the second step


async def waiting_user(request: Request, authenticator: AuthenticatorDep) -> User:
    """The account that gave its password and owes the second step. Raises SignInFirst."""
    user = await authenticator.waiting_user(request)
    if user is None:
        raise SignInFirst
    return user


WaitingUser = Annotated[User, Depends(waiting_user)]


@sign_in_pages.get("/sign-in/code")
async def second_step_page(
    request: Request, user: WaitingUser, authenticator: AuthenticatorDep, pages: PagesDep
) -> Response:
    """The form for a code or a passkey."""
    onward = next_page(request.query_params.get("next", ""))
    return await _second_step_form(request, user, authenticator, pages, onward)


@sign_in_pages.post("/sign-in/code")
async def second_step(
    request: Request, user: WaitingUser, authenticator: AuthenticatorDep, pages: PagesDep
) -> Response:  # fmt: skip
    """Finish the sign-in with a code or a passkey."""
    form, cookies = await read_form(request), authenticator.cookies
    onward = next_page(form.get("next", ""))
    try:
        check_form(request, form.get("form", ""), cookies.form_secret(request))
        if answer := form.get("passkey", ""):
            secret = await authenticator.finish_with_passkey(request, user, answer)
        else:
            secret = await authenticator.finish_with_code(request, user, form.get("code", "")[:64])
    except Problem as problem:
        return await _second_step_form(request, user, authenticator, pages, onward, problem)
    response = RedirectResponse(onward, 303)
    cookies.set_session(request, response, secret)
    return response


async def _second_step_form(
    request: Request, user: User, authenticator: AuthenticatorDep, pages: Pages, onward: str,
    problem: Problem | None = None,
) -> Response:  # fmt: skip
    form_secret = authenticator.cookies.new_form_secret(request)
    by_code, passkey = await authenticator.second_step_options(request, user)
    response = pages.page(
        request, "second_step.html", None, problem.status if problem else 200, fault=problem.detail if problem else "",
        form_secret=form_secret, onward=onward, by_code=by_code, passkey=passkey,
    )  # fmt: skip
    authenticator.cookies.set_form_secret(response, form_secret)
    return response


# a passkey instead of name and password


@sign_in_pages.post("/sign-in/passkey")
async def sign_in_with_passkey(request: Request, authenticator: AuthenticatorDep) -> Response:
    """Sign in with a passkey alone."""
    form, cookies = await read_form(request), authenticator.cookies
    onward = next_page(form.get("next", ""))
    try:
        check_form(request, form.get("form", ""), cookies.form_secret(request))
        secret = await authenticator.sign_in_with_passkey(request, form.get("passkey", ""), form.get("asked", ""))
    except Problem as problem:
        return await sign_in_form(request, authenticator, onward, problem)
    response = RedirectResponse(onward, 303)
    cookies.set_session(request, response, secret)
    return response
