"""Public pages of the policy: the one in force, and the versions before it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import Response

from gateway.console.web.deps import AuthenticatorDep, PagesDep, PolicyDep
from gateway.console.web.errors import not_found

policy_pages = APIRouter(include_in_schema=False)

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


@policy_pages.get("/policy")
async def policy_in_force(
    request: Request, authenticator: AuthenticatorDep, policies: PolicyDep, pages: PagesDep
) -> Response:
    """The policy in force: the district's own text, if there is one, and the clauses that the gateway looks for."""
    session = await authenticator.browser_session(request)
    return pages.page(
        request, "policy.html", session, policy=policies.current, adopted=render_markdown(policies.adopted_text),
        versions=await policies.earlier_versions(),
    )  # fmt: skip


@policy_pages.get("/policy/{version}")
async def earlier_policy(
    request: Request, version: str, authenticator: AuthenticatorDep, policies: PolicyDep, pages: PagesDep
) -> Response:
    """A policy that was in force before, with the district's text of that time."""
    earlier = await policies.earlier_version(version)
    if earlier is None:
        raise not_found()
    session = await authenticator.browser_session(request)
    return pages.page(
        request, "earlier_policy.html", session, earlier=earlier, policy=earlier.policy,
        adopted=render_markdown(earlier.adopted_text),
    )  # fmt: skip


def render_markdown(text: str) -> str:
    """The district's text as HTML. HTML in the text is escaped, and pictures are left out."""
    return Markup(_MARKDOWN.render(text)) if text else ""
