"""The queue as a page: calls for help first, then what is held, narrowed, counted and live; saved views of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.auth.authenticator import Authenticator
from gateway.console.help.alerts import calls
from gateway.console.messages.reveal_names import names_in_list
from gateway.console.queue.flash import lately
from gateway.console.queue.navigation import filters_of, link_of
from gateway.console.queue.rows import MOST_ROWS, Filters, read_query, rows
from gateway.console.web.deps import Sent, Signed, TheDesk, ThePages
from gateway.console.web.errors import Problem
from gateway.console.web.forms import MESSAGE_ID, clean_text
from gateway.console.web.sse import EventStream, StreamLimiter
from gateway.core.accounts.account import Right
from gateway.ports.messages import StoreDown

queue_pages = APIRouter(include_in_schema=False)

_HELP_DAYS, _CALLS_DAYS, _DECIDED_DAYS = 7, 90, 30
_CALLS_SHOWN = 3
"""Calls for help that stand above the queue, the newest; the others are counted there, and on a page of their own."""
_LOOK, _STILL_THERE = 1.0, 15.0


@queue_pages.get("/")
async def queue(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The queue, calls for help first. Roles that see no queue go on to the trace."""
    user = signed.user
    if not user.may(Right.QUEUE):
        return RedirectResponse("/trace" if user.may(Right.TRACE) else "/mine", 303)
    now = await desk.store.now()
    filters = await filters_of(desk, user, request.query_params)
    if "text" in request.query_params:  # an address that somebody kept, or wrote: no word stays in it
        return RedirectResponse(f"/{await link_of(desk, user, filters.query)}", 303)
    narrowed = await desk.narrowed(user, filters.asked, MOST_ROWS)
    helped = await calls(desk, user, days=_HELP_DAYS)
    waiting = [each for each in helped if not each.noticed.taken_by]
    kept, at = await desk.store.views(user.name), request.query_params.get("at", "")
    return shown.page(
        request, "queue.html", signed, now=now, found=narrowed.matching, most=MOST_ROWS,
        rows=rows(narrowed.items, desk.register, hidden=desk.hides(user)),
        held=narrowed.total, overdue=narrowed.overdue, text=filters.text,
        choices=filters.choices(narrowed),
        views=[(name, saved, await link_of(desk, user, saved)) for name, saved in kept.items()],
        waiting=len(waiting), help=waiting[:_CALLS_SHOWN], calls=len(helped), most_calls=_CALLS_SHOWN,
        taken=[each for each in helped if each.noticed.taken_by][:_CALLS_SHOWN],
        lately=await lately(desk, user, request.query_params.get("done", "")),
        query=filters.query, help_title=desk.policy().help_title, link=await link_of(desk, user, filters.query),
        at=at if MESSAGE_ID.fullmatch(at) else "",
    )  # fmt: skip


@queue_pages.post("/search")
async def search(signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Narrow the queue by a form, so that no word that somebody looks for stands in a URL."""
    await desk.need(signed.user, Right.QUEUE)
    query = Filters(sent, signed.user, desk.register, await desk.store.now()).query
    return RedirectResponse(f"/{await link_of(desk, signed.user, query)}", 303)


@queue_pages.get("/events")
async def events(request: Request, signed: Signed, desk: TheDesk) -> Response:
    """Says when the queue changed: server-sent events without anything of a message."""
    await desk.need(signed.user, Right.QUEUE)
    door: Authenticator = request.app.state.door
    streams: StreamLimiter = request.app.state.streams

    async def stream() -> AsyncIterator[str]:
        last, quiet = await desk.mark(), 0.0
        yield "retry: 3000\n\n"
        while not desk.stopping.is_set():
            await asyncio.sleep(_LOOK)
            quiet += _LOOK
            try:
                mark = await desk.mark()
                if mark == last and quiet < _STILL_THERE:
                    continue
                if await door.browser(request, used=False) is None:
                    return  # the session ended: the next request says so
                yield ": still there\n\n" if mark == last else "event: queue\ndata: changed\n\n"
                last, quiet = mark, 0.0
            except StoreDown:
                return  # the browser asks again

    return EventStream(stream(), streams.open(signed.user.name))


@queue_pages.get("/help")
async def help_list(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """Every call for help: who was alerted and when, who has taken it up."""
    found = await calls(desk, signed.user, days=_CALLS_DAYS)
    now = await desk.store.now()
    return shown.page(
        request, "help.html", signed, calls=found, now=now, days=_CALLS_DAYS, policy=desk.policy(),
        waiting=sum(not each.noticed.taken_by for each in found), link="",
        lately=await lately(desk, signed.user, request.query_params.get("done", "")),
    )  # fmt: skip


@queue_pages.get("/decided")
async def decided(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """What people decided lately: who, what and why."""
    found = (await desk.decided(signed.user, days=_DECIDED_DAYS)).items
    listed = []
    for each in found:
        names = names_in_list(desk, signed.user, each.trace)
        decided_on = [to for to in each.trace.recipients if to.decided_by][:3]
        people = [names.person(to.address) for to in each.trace.recipients[:6]]
        listed.append((names.listed(each), names.person(each.trace.sender), people, decided_on))
    return shown.page(request, "decided.html", signed, found=listed, days=_DECIDED_DAYS)


@queue_pages.post("/views")
async def save_view(signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Keep the filters of the queue under a name, or drop them."""
    await desk.need(signed.user, Right.QUEUE)
    name = clean_text(sent.get("name", ""), 60)
    if not name:
        raise Problem(422, "The view needs a name: write a word or two.")
    now = await desk.store.now()
    query = Filters(read_query(sent.get("query", "")), signed.user, desk.register, now).query
    drops = sent.get("drop") == "yes"
    if not await desk.store.save_view(signed.user.name, name, None if drops else query):
        raise Problem(409, "You have as many saved views as can be kept: drop one first.")
    return RedirectResponse("/" if drops else f"/{await link_of(desk, signed.user, query)}", 303)
