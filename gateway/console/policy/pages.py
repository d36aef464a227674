"""Public pages of the policy, in English and Spanish: the one in force, and what was in force when."""

from __future__ import annotations

from fastapi import APIRouter, Request
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import Response

from gateway.console.auth.authenticator import BrowserSession
from gateway.console.policy.words import policy_words
from gateway.console.templating import Pages
from gateway.console.web.deps import AuthenticatorDep, NowDep, PagesDep, PolicyDep
from gateway.console.web.errors import not_found
from gateway.console.web.languages import LANGUAGES, language_of

policy_pages = APIRouter(include_in_schema=False)

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _page(request: Request, pages: Pages, template: str, session: BrowserSession | None, **values: object) -> Response:
    language = language_of(request)
    return pages.page(
        request, template, session, 200, lang=language, languages=LANGUAGES, t=policy_words(language), **values
    )


@policy_pages.get("/policy")
async def policy_in_force(
    request: Request, authenticator: AuthenticatorDep, policies: PolicyDep, now: NowDep, pages: PagesDep
) -> Response:
    """The policy in force: the district's own text, if there is one, and the clauses that the gateway looks for."""
    session = await authenticator.browser_session(request)
    periods = await policies.periods()
    current = next((period for period in periods if period.is_in_force(now)), None)
    return _page(
        request, pages, "policy.html", session, policy=policies.current, adopted=render_markdown(policies.adopted_text),
        periods=periods, current=current, now=now,
    )  # fmt: skip


@policy_pages.get("/policy/{version}")
async def one_version(
    request: Request, version: str, authenticator: AuthenticatorDep, policies: PolicyDep, now: NowDep, pages: PagesDep
) -> Response:
    """A version by its number or hash, with the district's text of that time."""
    found = await policies.version(version)
    if found is None:
        raise not_found()
    session = await authenticator.browser_session(request)
    return _page(
        request, pages, "earlier_policy.html", session, shown=found, policy=await policies.read(found),
        adopted=render_markdown(found.adopted), now=now,
    )  # fmt: skip


def render_markdown(text: str) -> str:
    """The district's text as HTML. HTML in the text is escaped, and pictures are left out."""
    return Markup(_MARKDOWN.render(text)) if text else ""
