"""Pages to import a roster: an upload or the configured files read again, the diff, and a confirmation."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.administration.roster import RosterChange, WaitingImport
from gateway.console.auth.cookies import check_form
from gateway.console.web.deps import PagesDep, RosterDep, Sent, Signed
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.console.web.uploads import read_upload

roster_pages = APIRouter(include_in_schema=False)


@roster_pages.get("/administration/roster")
async def roster_page(request: Request, signed: Signed, pages: PagesDep, roster: RosterDep) -> Response:
    """The roster in use, and the forms of an import."""
    return await _page(request, signed, pages, roster)


@roster_pages.post("/administration/roster/upload")
async def upload(request: Request, signed: Signed, pages: PagesDep, roster: RosterDep) -> Response:
    """The diff of an uploaded zip. The file is read only for somebody who may import it."""
    await roster.require_import(signed.user)
    sent = await read_upload(request)
    check_form(request, sent.fields.get("form", ""), signed.form)
    if not sent.file:
        raise Problem(422, "Choose a zip of OneRoster files.")
    waiting = await roster.preview(signed.user, sent.file, clean_text(sent.name.rpartition("/")[2], 100))
    return await _page(request, signed, pages, roster, waiting=waiting)


@roster_pages.post("/administration/roster/again")
async def read_again(request: Request, signed: Signed, sent: Sent, pages: PagesDep, roster: RosterDep) -> Response:
    """The diff of the configured files, as they are now."""
    return await _page(request, signed, pages, roster, waiting=await roster.preview(signed.user, None))


@roster_pages.post("/administration/roster/import")
async def apply(request: Request, signed: Signed, sent: Sent, pages: PagesDep, roster: RosterDep) -> Response:
    """Import what was shown."""
    confirmed = sent.get("confirm") == "yes"
    done = await roster.apply(signed.user, sent.get("import", ""), confirmed=confirmed)
    return await _page(request, signed, pages, roster, done=done)


async def _page(
    request: Request, signed: Signed, pages: PagesDep, roster: RosterDep, *, waiting: WaitingImport | None = None,
    done: RosterChange | None = None,
) -> Response:  # fmt: skip
    in_use = await roster.status(signed.user)
    return pages.page(request, "roster.html", signed, in_use=in_use, waiting=waiting, done=done)
