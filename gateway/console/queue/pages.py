"""The queue as a page: calls for help first, then held messages with filters, counts and live updates; saved views."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.queue.query import parse_query
from gateway.console.queue.rows import MAX_ROWS
from gateway.console.web.deps import (
    AuthenticatorDep,
    FlashDep,
    HelpDep,
    LooksDep,
    NavigationDep,
    NowDep,
    PagesDep,
    PolicyDep,
    QueueDep,
    Sent,
    ServicesDep,
    Signed,
    UrgencyDep,
)
from gateway.console.web.errors import Problem
from gateway.console.web.forms import MESSAGE_ID, clean_text
from gateway.console.web.sse import EventStream, StreamLimiter
from gateway.core.accounts.account import Right
from gateway.ports.messages import StoreDown

queue_pages = APIRouter(include_in_schema=False)

_HELP_DAYS = 7
_ALERTS_SHOWN = 3
"""Calls for help above the queue, the newest; the page of calls for help has the others."""
_POLL_SECONDS, _KEEPALIVE_SECONDS = 1.0, 15.0


@queue_pages.get("/")
async def queue_page(
    request: Request, signed: Signed, pages: PagesDep, queue: QueueDep, navigation: NavigationDep, help_: HelpDep,
    flash: FlashDep, policy: PolicyDep, now: NowDep, urgency: UrgencyDep, looks: LooksDep,
) -> Response:  # fmt: skip
    """The queue. Roles without one are redirected to the trace."""
    user = signed.user
    if not user.may(Right.QUEUE):
        return RedirectResponse("/trace" if user.may(Right.TRACE) else "/mine", 303)
    query = await navigation.read(user, request.query_params)
    link = await navigation.link(user, query.query)
    if "text" in request.query_params:  # somebody wrote or bookmarked this address: keep the words out of it
        return RedirectResponse(f"/{link}", 303)
    narrowed = await queue.narrow(user, query.filter)
    alerts = await help_.alerts(user, days=_HELP_DAYS)
    waiting = [alert for alert in alerts if not alert.message.taken_by]
    views = await queue.saved_views(user)
    at = request.query_params.get("at", "")
    return pages.page(
        request, "queue.html", signed, now=now, rows=queue.rows(user, narrowed), max_rows=MAX_ROWS,
        matching=narrowed.matching, held=narrowed.total, overdue=narrowed.overdue, text=query.text,
        choices=query.choices(narrowed), query=query.query, link=link,
        views=[(name, saved, await navigation.link(user, saved)) for name, saved in views.items()],
        waiting=len(waiting), help=waiting[:_ALERTS_SHOWN], alert_count=len(alerts), max_alerts=_ALERTS_SHOWN,
        taken=[alert for alert in alerts if alert.message.taken_by][:_ALERTS_SHOWN],
        flash=await flash.of(user, request.query_params.get("done", "")), help_title=policy.current.help_title,
        urgent=await urgency.urgent(user, delivered=True), looks=await looks.open(user),
        at=at if MESSAGE_ID.fullmatch(at) else "",
    )  # fmt: skip


@queue_pages.post("/search")
async def search(signed: Signed, sent: Sent, queue: QueueDep, navigation: NavigationDep) -> Response:
    """Filter the queue by a form, so that no search word appears in a URL."""
    await queue.require_access(signed.user)
    query = (await queue.query(signed.user, sent)).query
    return RedirectResponse(f"/{await navigation.link(signed.user, query)}", 303)


@queue_pages.get("/events")
async def events(
    request: Request, signed: Signed, queue: QueueDep, services: ServicesDep, authenticator: AuthenticatorDep
) -> Response:
    """Server-sent events that say when the queue has changed, and nothing about a message."""
    await queue.require_access(signed.user)
    streams: StreamLimiter = request.app.state.streams

    async def stream() -> AsyncIterator[str]:
        last, quiet = await queue.change_mark(), 0.0
        yield "retry: 3000\n\n"
        while not services.stopping.is_set():
            await asyncio.sleep(_POLL_SECONDS)
            quiet += _POLL_SECONDS
            try:
                mark = await queue.change_mark()
                if mark == last and quiet < _KEEPALIVE_SECONDS:
                    continue
                if await authenticator.browser_session(request, used=False) is None:
                    return  # the session has ended: the next request says so
                yield ": still there\n\n" if mark == last else "event: queue\ndata: changed\n\n"
                last, quiet = mark, 0.0
            except StoreDown:
                return  # the browser connects again

    return EventStream(stream(), streams.open(signed.user.name))


@queue_pages.post("/views")
async def save_view(signed: Signed, sent: Sent, queue: QueueDep, navigation: NavigationDep) -> Response:
    """Save the filters of the queue under a name, or delete a saved view."""
    await queue.require_access(signed.user)
    name = clean_text(sent.get("name", ""), 60)
    if not name:
        raise Problem(422, "The view needs a name: write a word or two.")
    if sent.get("drop") == "yes":
        if name in await queue.saved_views(signed.user):
            await queue.delete_view(signed.user, name)
        return RedirectResponse("/", 303)
    query = await queue.save_view(signed.user, name, parse_query(sent.get("query", "")))
    return RedirectResponse(f"/{await navigation.link(signed.user, query)}", 303)
