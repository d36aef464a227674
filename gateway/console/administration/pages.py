"""Pages of administration: the index, contacts and groups."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.web.deps import AdministrationDep, PagesDep, RosterDep, Sent, Signed

administration_pages = APIRouter(include_in_schema=False)


@administration_pages.get("/administration")
async def index(request: Request, signed: Signed, pages: PagesDep, administration: AdministrationDep) -> Response:
    """What there is to administer, and what waits in each place."""
    places = await administration.places(signed.user)
    return pages.page(request, "administration.html", signed, places=places)


@administration_pages.get("/administration/contacts")
async def contacts(request: Request, signed: Signed, pages: PagesDep, roster: RosterDep) -> Response:
    """The records of the district's contacts."""
    return pages.page(request, "contacts.html", signed, rows=await roster.contacts(signed.user))


@administration_pages.get("/administration/groups")
async def groups(request: Request, signed: Signed, pages: PagesDep, roster: RosterDep) -> Response:
    """The group addresses."""
    found = await roster.groups(signed.user)
    return pages.page(request, "groups.html", signed, groups=found, address="", members=())


@administration_pages.post("/administration/groups")
async def members(request: Request, signed: Signed, sent: Sent, pages: PagesDep, roster: RosterDep) -> Response:
    """Who is in a group. It is a form, so that no address appears in a URL."""
    address = sent.get("address", "")[:320]
    found = await roster.members(signed.user, address)
    return pages.page(request, "groups.html", signed, groups=(), address=address, members=found)
