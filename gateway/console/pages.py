"""Pages for those who are signed in: the queue, a message, decisions on it, what was delivered, trace and audit."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from gateway.console.auth import Door, SignedIn
from gateway.console.desk import UNDO, Desk
from gateway.console.forms import form_of, plain
from gateway.console.problems import unknown
from gateway.console.reading import head_rows, picture_type, shown_parts, shown_subject, why
from gateway.console.render import Pages, SignInFirst
from gateway.console.rows import MOST_ROWS, Filters, between, rows, someone
from gateway.console.sanitised import shown_html
from gateway.console.security import FOREIGN
from gateway.core.account import Right
from gateway.core.charsets import to_text
from gateway.core.message import parts
from gateway.ports import StoreDown

pages = APIRouter(include_in_schema=False)

_ID = re.compile(r"[0-9a-z]{1,64}")
_HELP_DAYS, _LIST_DAYS = 7, 30
_SOURCE = 256 << 10
_ACTS = 100
_LOOK, _STILL_THERE = 1.0, 15.0


async def signed_in(request: Request) -> SignedIn:
    """Who is signed in. Raises SignInFirst."""
    door: Door = request.app.state.door
    signed = await door.browser(request)
    if signed is None:
        raise SignInFirst
    request.state.signed = signed
    return signed


async def form_sent(request: Request, signed: Annotated[SignedIn, Depends(signed_in)]) -> dict[str, str]:
    """The fields of a form that comes from a page of ours."""
    door: Door = request.app.state.door
    sent = await form_of(request)
    door.check_form(request, sent.get("form", ""), signed.form)
    return sent


def the_desk(request: Request) -> Desk:
    """The desk of this application."""
    desk: Desk = request.app.state.desk
    return desk


def the_pages(request: Request) -> Pages:
    """The templates of this application."""
    shown: Pages = request.app.state.pages
    return shown


def known(id: str) -> str:
    """An id that a message can have."""
    if not _ID.fullmatch(id):
        raise unknown()
    return id


Signed = Annotated[SignedIn, Depends(signed_in)]
Sent = Annotated[dict[str, str], Depends(form_sent)]
TheDesk = Annotated[Desk, Depends(the_desk)]
ThePages = Annotated[Pages, Depends(the_pages)]
Id = Annotated[str, Depends(known)]


@pages.get("/")
async def queue(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The queue, calls for help first. Roles that see no queue go on to the trace."""
    user = signed.user
    if not user.may(Right.QUEUE):
        return RedirectResponse("/trace", 303)
    now, entries = await desk.store.now(), await desk.held(user)
    left, choices = Filters(request.query_params, user, desk.register, now).narrow(entries)
    helped = await desk.noticed(user, "alert", days=_HELP_DAYS)
    return shown.page(
        request, "queue.html", signed, now=now, rows=rows(left[:MOST_ROWS], desk.register), found=len(left),
        held=len(entries), overdue=sum(each.due_at is not None and each.due_at < now for each in entries),
        choices=choices, clauses=desk.policy().clauses,
        help=[(each, someone(each.trace.sender, desk.register)) for each in helped if not each.taken_by],
        taken=[(each, someone(each.trace.sender, desk.register)) for each in helped if each.taken_by][:5],
        undo=await _undoable(desk, signed, request.query_params.get("done", ""), now),
        query=request.url.query, help_title=desk.policy().help_title,
    )  # fmt: skip


async def _undoable(desk: Desk, signed: SignedIn, id_: str, now: float) -> dict[str, object] | None:
    """What the last decision was, where it can still be taken back."""
    if not _ID.fullmatch(id_):
        return None
    acts = await desk.store.acts_about(id_, 1)
    if not acts or acts[0].actor != signed.user.name or acts[0].act not in ("released", "rejected"):
        return None
    left = acts[0].at + UNDO - now
    return {"id": id_, "act": acts[0].act, "left": left} if left > 0 else None


@pages.get("/events")
async def events(request: Request, signed: Signed, desk: TheDesk) -> Response:
    """Says when the queue changed: server-sent events without anything of a message."""
    await desk.need(signed.user, Right.QUEUE)
    door: Door = request.app.state.door

    async def stream() -> AsyncIterator[str]:
        last, quiet = await desk.queue.mark(), 0.0
        yield "retry: 3000\n\n"
        while not desk.stopping.is_set():
            await asyncio.sleep(_LOOK)
            quiet += _LOOK
            try:
                mark = await desk.queue.mark()
                if mark != last:
                    last, quiet = mark, 0.0
                    yield "event: queue\ndata: changed\n\n"
                elif quiet >= _STILL_THERE:
                    quiet = 0.0
                    if await door.browser(request, used=False) is None:
                        return  # the session ended: the next request says so
                    yield ": still there\n\n"
            except StoreDown:
                return  # the browser asks again

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@pages.get("/messages/{id}")
async def message(request: Request, id: Id, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """Everything that is needed to decide on a message; without content for roles that see none."""
    user = signed.user
    if not user.may(Right.CONTENT):
        trace = await desk.find(user, id)
        history = await desk.store.acts_about(id, _ACTS) if user.may(Right.AUDIT) else ()
        return shown.page(request, "where.html", signed, trace=trace, history=history)
    reading = await desk.reading(user, id)
    explained = reading.explained
    trace, policy = explained.trace, desk.policy()
    reasons, read, title, head = await asyncio.to_thread(
        lambda: (why(explained, policy), shown_parts(explained), shown_subject(explained), head_rows(explained))
    )
    return shown.page(
        request, "message.html", signed, trace=trace, verdict=explained.verdict, why=reasons, parts=read, title=title,
        head=head, reading=reading, now=await desk.store.now(), policy_hash=explained.policy,
        gone=not explained.content, sender=someone(trace.sender, desk.register),
        recipients=[(each, someone(each.address, desk.register)) for each in trace.recipients[:50]],
        between=between(trace.relation.pairs, desk.register), clauses=policy.clauses,
        said=[(each, someone(each.sender, desk.register)) for each in reading.conversation],
        due_at=min((each.due_at for each in trace.recipients if each.due_at and each.state == "held"), default=None),
        may_decide=user.may(Right.DECIDE), help_title=policy.help_title,
    )  # fmt: skip


@pages.get("/messages/{id}/html/{part}")
async def html_part(request: Request, id: Id, part: str, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The HTML of one part, sanitised, for the sandboxed frame of a message's page."""
    explained = await desk.explained(signed.user, id, "HTML")

    def clean() -> str | None:
        for each in parts(explained.content, explained.channel):
            if each.number == part and each.media_type == "text/html":
                return shown_html(to_text(each.data))
        return None

    fragment = await asyncio.to_thread(clean)
    if fragment is None:
        raise unknown()
    response = shown.page(request, "html_part.html", signed, fragment=fragment)
    response.headers["Content-Security-Policy"] = FOREIGN
    return response


@pages.get("/messages/{id}/picture/{part}")
async def picture(id: Id, part: str, signed: Signed, desk: TheDesk) -> Response:
    """One picture of a message."""
    explained = await desk.explained(signed.user, id, "picture")
    for each in await asyncio.to_thread(parts, explained.content, explained.channel):
        if each.number == part and (kind := picture_type(each)):
            return Response(each.data, media_type=kind, headers={"Content-Security-Policy": FOREIGN})
    raise unknown()


@pages.get("/messages/{id}/source")
async def source(request: Request, id: Id, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The bytes of a message as text."""
    explained = await desk.explained(signed.user, id, "source")
    text = explained.content[:_SOURCE].decode("utf-8", "replace").replace("\r\n", "\n")
    return shown.page(
        request, "source.html", signed, trace=explained.trace, text=text, cut=len(explained.content) > _SOURCE
    )


async def _decide(desk: Desk, signed: SignedIn, id_: str, deed: Literal["release", "reject"], reason: str) -> Response:
    await desk.decide(signed.user, id_, deed, plain(reason), after=UNDO)
    return RedirectResponse(f"/?done={id_}", 303)


@pages.post("/messages/{id}/release")
async def release(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Deliver what is held, unless it is undone in time."""
    return await _decide(desk, signed, id, "release", sent.get("reason", ""))


@pages.post("/messages/{id}/reject")
async def reject(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Refuse what is held and tell the sender, unless it is undone in time."""
    return await _decide(desk, signed, id, "reject", sent.get("reason", ""))


@pages.post("/messages/{id}/undo")
async def undo(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Hold again what was decided a moment ago."""
    await desk.undo(signed.user, id)
    return RedirectResponse(f"/messages/{id}", 303)


@pages.post("/messages/{id}/acknowledge")
async def acknowledge(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Take a call for help up."""
    await desk.acknowledge(signed.user, id)
    return RedirectResponse(f"/messages/{id}", 303)


@pages.get("/delivered")
async def delivered(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """What was delivered and is listed to be looked at."""
    lists = {
        name: [
            (each, someone(each.trace.sender, desk.register))
            for each in await desk.noticed(signed.user, action, days=_LIST_DAYS)
        ]
        for name, action in (("late", "hold"), ("flagged", "flag"), ("help", "alert"))
    }
    return shown.page(request, "delivered.html", signed, lists=lists, days=_LIST_DAYS)


@pages.get("/trace")
async def trace_form(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The form: where is my message."""
    await desk.need(signed.user, Right.TRACE)
    return shown.page(request, "trace.html", signed, found=None, asked="")


@pages.post("/trace")
async def trace(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """Where messages are; asked by a form, so that no address is in a URL."""
    asked = plain(sent.get("asked", ""), 1000)
    found = []
    if "@" in asked and not asked.startswith("<"):
        found = await desk.traces(signed.user, address=asked)
    if not found and asked:
        found = await desk.traces(signed.user, message_id=asked)
        if not found and not asked.startswith("<"):
            found = await desk.traces(signed.user, message_id=f"<{asked}>")
    if not found and _ID.fullmatch(asked):
        found = await desk.traces(signed.user, id_=asked)
    return shown.page(request, "trace.html", signed, found=found, asked=asked)


@pages.get("/audit")
async def audit(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The audit log, the newest first."""
    await desk.need(signed.user, Right.AUDIT)
    text = request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 1 << 60
    rows_ = await desk.store.newest_acts(before, _ACTS)
    older = rows_[-1].number if len(rows_) == _ACTS and rows_[-1].number > 1 else None
    return shown.page(request, "audit.html", signed, rows=rows_, older=older)


@pages.post("/sign-out")
async def sign_out(request: Request, signed: Signed, sent: Sent) -> Response:
    """End the session."""
    door: Door = request.app.state.door
    await door.sign_out(request, signed.user)
    response = RedirectResponse("/sign-in", 303)
    door.forget(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
