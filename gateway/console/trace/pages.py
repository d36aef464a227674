"""The page that finds messages: where they are, without their content."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.web.deps import PagesDep, Sent, Signed, TraceDep
from gateway.console.web.forms import clean_text

trace_pages = APIRouter(include_in_schema=False)


@trace_pages.get("/trace")
async def trace_form(request: Request, signed: Signed, pages: PagesDep, traces: TraceDep) -> Response:
    """The search form."""
    await traces.require_access(signed.user)
    hides_names = traces.hides_names(signed.user)
    return pages.page(request, "trace.html", signed, found=None, text="", hides_names=hides_names)


@trace_pages.post("/trace")
async def trace(request: Request, signed: Signed, sent: Sent, pages: PagesDep, traces: TraceDep) -> Response:
    """What the search finds. It is a form, so that no address appears in a URL."""
    text = clean_text(sent.get("asked", ""), 1000)
    found = await traces.search(signed.user, text)
    hides_names = traces.hides_names(signed.user)
    notes = await traces.notes(signed.user, found)
    return pages.page(request, "trace.html", signed, found=found, text=text, hides_names=hides_names, notes=notes)
