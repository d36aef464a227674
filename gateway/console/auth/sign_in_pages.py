"""Pages that need no sign-in: signing in itself, the policy in force, and what the API can do."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from gateway.console.auth.authenticator import Authenticator
from gateway.console.service import Desk
from gateway.console.templating import Pages
from gateway.console.web.errors import Problem
from gateway.console.web.forms import read_form

public = APIRouter(include_in_schema=False)

_OURS = re.compile(
    r"/(?:messages/[0-9a-z]{1,64}|cases(?:/[0-9]{1,17})?|help|decided|delivered|trace|audit|mine|reports)?"
)
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def onward_to(text: str) -> str:
    """A page of ours to go on to; anything else is the first one."""
    return text if _OURS.fullmatch(text) else "/"


@public.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    """The form."""
    door: Authenticator = request.app.state.door
    if await door.browser(request) is not None:
        return RedirectResponse(onward_to(request.query_params.get("next", "")), 303)
    return await sign_in_form(request, "", 200, onward_to(request.query_params.get("next", "")))


async def sign_in_form(request: Request, fault: str, status: int, onward: str, name: str = "") -> Response:
    """The form for name and password, with the ways by a passkey and by the district's sign-in service."""
    door: Authenticator = request.app.state.door
    shown: Pages = request.app.state.pages
    request.state.form = door.stranger(request)
    passkey, asked = await door.to_sign_in(request.state.form)
    response = shown.page(
        request, "sign_in.html", None, status, fault=fault, stranger=request.state.form, onward=onward, name=name,
        service=request.app.state.service is not None, passkey=passkey, asked=asked,
    )  # fmt: skip
    door.form_of_stranger(request, response)
    return response


@public.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Sign in, with a new session whatever the browser had."""
    door: Authenticator = request.app.state.door
    sent = await read_form(request)
    onward = onward_to(sent.get("next", ""))
    try:
        door.check_form(request, sent.get("form", ""), request.cookies.get(door.form_cookie, ""))
        secret, waits = await door.sign_in(request, sent.get("name", ""), sent.get("password", ""))
    except Problem as problem:
        response = await sign_in_form(request, problem.detail, problem.status, onward, sent.get("name", "")[:64])
        response.headers.update({k: v for k, v in problem.headers.items() if k == "Retry-After"})
        return response
    answer = RedirectResponse(f"/sign-in/code?{urlencode({'next': onward})}" if waits else onward, 303)
    door.keep(request, answer, secret)
    return answer


@public.get("/policy")
async def policy(request: Request) -> Response:
    """The policy in force: the district's own text where there is one, and the clauses that the gateway looks for."""
    desk: Desk = request.app.state.desk
    door: Authenticator = request.app.state.door
    shown: Pages = request.app.state.pages
    in_force, adopted = desk.policy(), desk.house.adopted_policy
    versions = [
        (hash_, since, until)
        for hash_, _, text, since, until in await desk.store.policy_versions()
        if hash_ != in_force.hash or text != adopted
    ]
    return shown.page(
        request, "policy.html", await door.browser(request), policy=in_force, adopted=adopted_text(adopted),
        versions=versions,
    )  # fmt: skip


def adopted_text(text: str) -> str:
    """The district's own text, from Markdown without HTML or pictures."""
    return Markup(_MARKDOWN.render(text)) if text else ""


@public.get("/api/docs")
async def api_page(request: Request) -> Response:
    """The API, from its own description."""
    door: Authenticator = request.app.state.door
    shown: Pages = request.app.state.pages
    described: dict[str, Any] = request.app.openapi()
    calls = [
        {
            "method": method.upper(), "path": path, "summary": call.get("summary", ""),
            "text": call.get("description", ""), "body": "requestBody" in call,
            "parameters": [{"required": False, "description": "", **each} for each in call.get("parameters", [])],
            "answers": [(code, answer.get("description", "")) for code, answer in call["responses"].items()],
        }
        for path, methods in described["paths"].items()
        for method, call in methods.items()
    ]  # fmt: skip
    return shown.page(
        request, "api.html", await door.browser(request), calls=calls, text=described["info"]["description"]
    )
