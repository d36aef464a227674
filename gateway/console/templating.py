"""Pages from templates: the values that every template has, and problems as pages."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import quote

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.console.auth.authenticator import BrowserSession
from gateway.console.config import ConsoleConfig
from gateway.console.decisions.service import UNDO_SECONDS
from gateway.console.messages.service import place_text
from gateway.console.policy.service import PolicyService
from gateway.console.web import labels
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right
from gateway.core.channels.registry import CHANNELS

_HERE = Path(__file__).parent
_TEMPLATES = (_HERE / "templates", *sorted(_HERE.glob("*/templates")))
"""The shared templates, and those of each feature."""
_MESSAGE_PAGE = re.compile(r"/messages/[0-9a-z]{1,64}(?=/)")
"""The page of the message that a form belongs to."""


class SignInFirst(Problem):
    """A page was requested without a session."""

    def __init__(self) -> None:
        super().__init__(401, "Sign in first.")


class SetUpFirst(Problem):
    """The account must set up a second step of signing in before anything else."""

    def __init__(self) -> None:
        super().__init__(403, "Set up a second step of signing in first, on the page of your account.")


class OwnMessagesOnly(Problem):
    """The session was opened with a link from a mail: it shows one's own messages only."""

    def __init__(self) -> None:
        super().__init__(
            403, "You signed in with a link from a mail, which shows your own messages only. For everything else, sign "
            "out, then sign in with your account.",
        )  # fmt: skip


class _CompiledTemplates(BytecodeCache):
    """Compiled templates in memory, for all consoles of a process."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read the compiled form of a template, if it is known."""
        if (code := self._code.get(bucket.key)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the compiled form of a template."""
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _CompiledTemplates()


class Pages:
    """Renders templates."""

    def __init__(self, config: ConsoleConfig, policies: PolicyService) -> None:
        self._policies = policies
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, bytecode_cache=_COMPILED,
        )  # fmt: skip
        zone = config.zone
        self._templates.globals.update(
            district=config.district,
            mailed_links=config.mailed_links,
            states=labels.STATES,
            directions=labels.DIRECTIONS,
            channels=CHANNELS,
            roles=labels.ROLES,
            reasons=labels.REASONS,
            found_by=labels.FINDING_SOURCES,
            describe_entry=lambda entry: labels.describe_entry(entry, zone),
            entry_reason=labels.entry_reason,
            local_time=lambda at: labels.local_time(at, zone),
            exact_local_time=lambda at: labels.exact_local_time(at, zone),
            utc_timestamp=labels.utc_timestamp,
            place_text=place_text,
            duration=labels.duration,
            due_text=labels.due_text,
            size_text=labels.size_text,
            undo_seconds=UNDO_SECONDS,
            version=_static_version(),
            shadow=config.shadow,
            Right=Right,
        )

    def page(
        self, request: Request, template: str, signed: BrowserSession | None = None, status: int = 200, **values: object
    ) -> HTMLResponse:
        """One page. `clauses` are those of the policy in force unless given; pages without a session have none."""
        if "clauses" not in values:
            values["clauses"] = self._policies.current.clauses if signed else {}
        html = self._templates.get_template(template).render(
            request=request, path=request.url.path, user=signed.user if signed else None,
            form=signed.form if signed else "", owes_step=signed.owes_step if signed else False,
            own_messages_only=signed.own_messages_only if signed else False,
            in_pane=request.headers.get("hx-target") == "pane", **values,
        )  # fmt: skip
        return HTMLResponse(html, status)

    def text(self, template: str, **values: object) -> str:
        """A page as text, such as for an evidence pack."""
        return self._templates.get_template(template).render(**values)

    def problem(self, request: Request, problem: Problem) -> Response:
        """A problem as a page. Without a session it redirects to the sign-in page."""
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
        if isinstance(problem, OwnMessagesOnly) and request.method == "GET" and request.url.path == "/":
            return RedirectResponse("/mine", 303)
        signed = getattr(request.state, "signed", None)
        message_page = _MESSAGE_PAGE.match(request.url.path)
        if message_page and request.method == "POST" and problem.status != 404:
            problem.back = problem.back or message_page[0]
        response = self.page(request, "problem.html", signed, problem.status, problem=problem, clauses={})
        response.headers.update({name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"})
        return response


def _static_version() -> str:
    """A hash of the static files: it is part of their URLs, so that browsers load new ones."""
    digest = hashlib.sha256()
    for file in sorted((_HERE / "static").iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
