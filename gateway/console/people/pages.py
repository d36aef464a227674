"""The pages of people and pairs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.console.people.service import DAYS, MAX_DAYS
from gateway.console.web.deps import PagesDep, PeopleDep, Sent, Signed
from gateway.console.web.forms import clean_text
from gateway.core.contact.report import report_words

people_pages = APIRouter(include_in_schema=False)
PERIODS = (30, 90, 365)
Days = Annotated[int, Query(ge=1, le=MAX_DAYS)]


@people_pages.get("/people")
async def search_form(request: Request, signed: Signed, pages: PagesDep, people: PeopleDep) -> Response:
    """The search form."""
    await people.require_access(signed.user)
    return pages.page(request, "people.html", signed, found=None, text="")


@people_pages.post("/people")
async def search(request: Request, signed: Signed, sent: Sent, pages: PagesDep, people: PeopleDep) -> Response:
    """The people that the search finds. It is a form, so that no name appears in a URL."""
    text = clean_text(sent.get("asked", ""), 320)
    return pages.page(request, "people.html", signed, found=await people.search(signed.user, text), text=text)


@people_pages.get("/people/{id}")
async def person(
    request: Request, signed: Signed, pages: PagesDep, people: PeopleDep, id: str, days: Days = DAYS,
    side: str = "",
) -> Response:  # fmt: skip
    """Who a person writes with, how much and when."""
    as_staff = {"staff": True, "student": False}.get(side)
    found = await people.person(signed.user, id, days, as_staff=as_staff)
    return pages.page(request, "person.html", signed, found=found, periods=PERIODS)


@people_pages.get("/people/{id}/with/{other}")
async def pair(
    request: Request, signed: Signed, pages: PagesDep, people: PeopleDep, id: str, other: str, days: Days = DAYS
) -> Response:
    """How much a staff member and a student write, and when."""
    found = await people.pair(signed.user, id, other, days)
    return pages.page(
        request, "pair.html", signed, found=found, periods=PERIODS, words=list(report_words(found.report))
    )
