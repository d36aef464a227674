"""The page of records requests: start an export, see how far it is, fetch the file."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.records.api import file_response
from gateway.console.web.deps import PagesDep, RecordsDep, Sent, Signed
from gateway.console.web.forms import clean_text

records_pages = APIRouter(include_in_schema=False)


@records_pages.get("/records")
async def show_requests(request: Request, signed: Signed, records: RecordsDep, pages: PagesDep) -> Response:
    """Exports, and a form for a new one. The page reloads itself while one is being written."""
    found = await records.requests(signed.user)
    response = pages.page(
        request, "records.html", signed, requests=found,
        wanted=clean_text(request.query_params.get("person", ""), 320),
    )  # fmt: skip
    if any(item.state == "running" for item in found):
        response.headers["Refresh"] = "3"
    return response


@records_pages.post("/records")
async def start_request(signed: Signed, sent: Sent, records: RecordsDep) -> Response:
    """Start an export."""
    await records.start(signed.user, clean_text(sent.get("person", ""), 320), redact=sent.get("kind") != "full")
    return RedirectResponse("/records", 303)


@records_pages.get("/records/{id}/file")
async def download(id: str, signed: Signed, records: RecordsDep) -> Response:
    """The zip file."""
    return file_response(*await records.download(signed.user, id))
