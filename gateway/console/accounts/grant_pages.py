"""Pages of grants: the list, granting content to an auditor, and ending a grant."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.web.deps import GrantsDep, NowDep, NumberInPath, PagesDep, Sent, Signed
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.core.accounts.account import AccountRole
from gateway.core.accounts.grant import GRANT_DURATIONS

grant_pages = APIRouter(include_in_schema=False)


@grant_pages.get("/grants")
async def list_grants(request: Request, signed: Signed, grants: GrantsDep, now: NowDep, pages: PagesDep) -> Response:
    """The grants that the account sees; a technology director can grant content here."""
    found = await grants.page(signed.user)
    may_grant = signed.user.role is AccountRole.TECHNOLOGY_DIRECTOR
    auditors = await grants.auditors() if may_grant else []
    return pages.page(
        request, "grants.html", signed, grants=found, now=now, may_grant=may_grant, lifetimes=list(GRANT_DURATIONS),
        auditors=auditors, about=clean_text(request.query_params.get("about", ""), 64),
    )  # fmt: skip


@grant_pages.post("/grants")
async def grant_content(signed: Signed, sent: Sent, grants: GrantsDep) -> Response:
    """Let an auditor read something for a while."""
    everything = sent.get("all") == "yes"
    about = "" if everything else clean_text(sent.get("about", ""), 64)
    if not about and not everything:
        raise Problem(422, "Enter the id of the message or the case, or check “everything”.")
    reason = clean_text(sent.get("reason", ""))
    await grants.grant(signed.user, sent.get("to", ""), about, sent.get("for", ""), reason)
    return RedirectResponse("/grants", 303)


@grant_pages.post("/grants/{number}/end")
async def end_grant(number: NumberInPath, signed: Signed, sent: Sent, grants: GrantsDep) -> Response:
    """End a grant now."""
    await grants.end(signed.user, number)
    return RedirectResponse("/grants", 303)
