"""Pages from templates: what every page shows, and problems as pages."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.console.auth.authenticator import SignedIn
from gateway.console.messages.thread import place_text
from gateway.console.service import UNDO, Desk
from gateway.console.web import labels as words
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right

_HERE = Path(__file__).parent
_ABOUT = re.compile(r"/messages/[0-9a-z]{1,64}(?=/)")
"""The page of the message that a form was about."""


class SignInFirst(Problem):
    """A page was asked for by nobody who is signed in."""

    def __init__(self) -> None:
        super().__init__(401, "Sign in first.")


class SetUpFirst(Problem):
    """Somebody is signed in who must set up a second step before anything else."""

    def __init__(self) -> None:
        super().__init__(403, "Set up a second step of signing in first, on the page of your account.")


class Pages:
    """The templates, with what all of them know."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        zone = desk.house.zone
        self._templates.globals.update(
            district=desk.house.district,
            states=words.STATES,
            directions=words.DIRECTIONS,
            channels=words.CHANNELS,
            roles=words.ROLES,
            reasons=words.REASONS,
            found_by=words.FOUND_BY,
            act_words=lambda act: words.act_words(act, zone),
            reason_of=words.reason_of,
            clock=lambda at: words.clock(at, zone),
            moment=lambda at: words.moment(at, zone),
            stamp=words.stamp,
            place_text=place_text,
            span=words.span,
            due=words.due,
            size=words.size,
            undo_seconds=UNDO,
            version=_version(),
            Right=Right,
        )

    def page(
        self, request: Request, template: str, signed: SignedIn | None = None, status: int = 200, **values: object
    ) -> HTMLResponse:
        """One page. Who is not signed in, and who is told of a problem, needs no policy for it."""
        if "clauses" not in values:
            values["clauses"] = self._desk.policy().clauses if signed else {}
        shown = self._templates.get_template(template).render(
            request=request, path=request.url.path, user=signed.user if signed else None,
            form=signed.form if signed else "", owes_step=signed.owes_step if signed else False,
            in_pane=request.headers.get("hx-target") == "pane", **values,
        )  # fmt: skip
        return HTMLResponse(shown, status)

    def text(self, template: str, **values: object) -> str:
        """A page that is not answered but kept."""
        return self._templates.get_template(template).render(**values)

    def problem(self, request: Request, problem: Problem) -> Response:
        """A problem as a page; who is not signed in is sent to the page where one does that."""
        if isinstance(problem, SignInFirst):
            to = "/sign-in"
            if request.method == "GET" and request.url.path != "/":
                to += f"?next={quote(request.url.path, safe='/')}"
            if request.headers.get("hx-request"):
                return Response(status_code=204, headers={"HX-Redirect": to})
            return RedirectResponse(to, 303)
        if isinstance(problem, SetUpFirst):
            if request.headers.get("hx-request"):
                return Response(status_code=204, headers={"HX-Redirect": "/account"})
            return RedirectResponse("/account", 303)
        signed = getattr(request.state, "signed", None)
        about = _ABOUT.match(request.url.path)
        if about and request.method == "POST" and problem.status != 404:
            problem.back = problem.back or about[0]
        response = self.page(request, "problem.html", signed, problem.status, problem=problem, clauses={})
        response.headers.update({name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"})
        return response


def _version() -> str:
    """What changes whenever a static file does, so that browsers take the new one."""
    digest = hashlib.sha256()
    for file in sorted((_HERE / "static").iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
