"""Pages for those who are signed in: a message and its parts, what was delivered, trace and audit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.audit.rows import readable
from gateway.console.auth.authenticator import Authenticator
from gateway.console.cases import service as casework
from gateway.console.decisions.claims import LONGER, colleagues, put_off_until
from gateway.console.decisions.two_person import cannot_agree
from gateway.console.messages.mask_names import all_names_of
from gateway.console.messages.reveal_names import names_in_list, names_of, need_names, open_names, refuse_search
from gateway.console.messages.sanitizer import shown_html
from gateway.console.messages.thread import further_of, read_place, talk
from gateway.console.messages.view import (
    add_named_people,
    clause_reasons,
    first_mention,
    header_rows,
    marked_subject,
    part_views,
    picture_type,
)
from gateway.console.policy.version import policy_of
from gateway.console.queue.flash import lately
from gateway.console.queue.navigation import back_to, place_of
from gateway.console.service import HAS_PART, MOST_DONE, Desk
from gateway.console.web.deps import Id, Sent, Signed, TheDesk, ThePages
from gateway.console.web.errors import not_found
from gateway.console.web.forms import MESSAGE_ID, clean_text
from gateway.console.web.middleware import MESSAGE_CONTENT_POLICY
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import SEVERITIES
from gateway.core.mime.charsets import to_text
from gateway.core.policy.review_rules import ACTIONS_WITH_REASON, action_at_due, requirements_for
from gateway.core.review.views import Trace

pages = APIRouter(include_in_schema=False)

_LIST_DAYS = 30
_SOURCE = 256 << 10
_ACTS = 100
_NAMESAKES, _FOUND = 8, 200


@pages.get("/messages/{id}")
async def message(request: Request, id: Id, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """Everything that is needed to decide on a message; without content for roles that see none."""
    user = signed.user
    trace = await desk.find(user, id)
    conflict = desk.in_part(user, trace)
    if conflict or not await desk.reads(user, id):
        history = await desk.store.done_about(id, MOST_DONE) if user.may(Right.AUDIT) and not conflict else ()
        names = await all_names_of(desk, user, trace)
        return shown.page(
            request, "where.html", signed, trace=names.trace(desk.told(user, trace)),
            history=list(map(names.audit_entry, history)), conflict=conflict, has_part=HAS_PART,
        )  # fmt: skip
    reading = await desk.reading(user, id)
    explained, proposal = reading.explained, reading.handled.proposal
    trace, policy = explained.trace, desk.policy()
    then = await policy_of(desk, explained.policy)
    names = await names_of(desk, user, trace)
    files = await desk.files.texts(await asyncio.to_thread(explained.parts))

    def read() -> dict[str, Any]:
        add_named_people(names, explained, reading.conversation)
        return {
            "why": clause_reasons(explained, then.policy, names, files, kept=then.kept),
            "parts": part_views(explained, then.policy, names, files),
            "title": marked_subject(explained, then.policy, names),
            "head": header_rows(explained, names),
            "between": names.pairs(trace.relation.pairs, groups=True),
        }

    told, now = await asyncio.to_thread(read), await desk.store.now()
    shown_trace = names.trace(trace)
    near, history = (
        list(map(names.conversation_message, reading.conversation)),
        list(map(names.audit_entry, reading.history)),
    )
    minute = datetime.fromtimestamp(trace.received_at, UTC).astimezone(desk.house.zone)
    return shown.page(
        request, "message.html", signed, trace=shown_trace, verdict=explained.verdict, **told, names=names,
        first_mention=first_mention, reading=reading, now=now, policy_hash=explained.policy, hides=desk.hides(user),
        gone=not explained.content, sender=names.person(trace.sender), history=history,
        recipients=[
            (told_of, names.person(each.address))
            for each, told_of in zip(trace.recipients[:50], shown_trace.recipients, strict=False)
        ], clauses=then.policy.clauses,
        said=[(shown, names.person(each.sender)) for each, shown in zip(reading.conversation, near, strict=True)],
        due_at=min((each.due_at for each in trace.recipients if each.due_at and each.state == "held"), default=None),
        then_due=action_at_due(policy, trace.clauses, trace.reasons),
        may_decide=user.may(Right.DECIDE), help_title=then.policy.help_title, severities=SEVERITIES,
        longer=[each for each, seconds in LONGER.items() if now + seconds <= put_off_until(desk, trace)],
        put_off_until=put_off_until(desk, trace), put_off=[e for e in reading.history if e.act == "held longer"],
        at_night=then.policy.night.covers(minute.hour * 60 + minute.minute), policy_now=policy.hash,
        alerts=[each for each in reversed(reading.history) if each.act == "alerted"], views=reading.views,
        usual=desk.default_rejection_text(trace.clauses), needs={deed: requirements_for(policy, trace.clauses, deed) for deed in ACTIONS_WITH_REASON},
        colleagues=await colleagues(desk, trace) if reading.theirs else [],
        cannot_agree=await cannot_agree(desk.store, desk.register, user, trace, proposal) if proposal else "",
        link=await place_of(desk, user, request.url.query), further=await further_of(desk, id, reading.around),
        lately=await lately(desk, user, request.query_params.get("done", "")),
        alike=len(await desk.of_mailing(user, id)) - 1 if user.may(Right.QUEUE) else 0,
        cases=await casework.could_take(desk, user, id) if user.may(Right.DECIDE) else (),
    )  # fmt: skip


@pages.get("/messages/{id}/conversation")
async def conversation(request: Request, id: Id, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The conversation around a message further on, to either side."""
    query = request.query_params
    earlier = "before" in query
    place = read_place(query.get("before") or query.get("after") or "")
    found = await talk(desk, signed.user, id, place, earlier=earlier)
    names = add_named_people(await names_of(desk, signed.user, found.explained.trace), found.explained, found.said)
    said = [
        (each, names.person(near.sender)) for near, each in ((n, names.conversation_message(n)) for n in found.said)
    ]
    return shown.page(
        request, "conversation.html", signed, id=id, said=said, earlier=found.earlier, later=found.later,
        link=await place_of(desk, signed.user, request.url.query),
    )  # fmt: skip


@pages.post("/messages/{id}/names")
async def names(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Open the names of a message, with a reason."""
    trace = await desk.find(signed.user, id)
    await desk.apart(signed.user, trace, "open names")
    await open_names(desk, signed.user, trace, clean_text(sent.get("reason", "")))
    link = await place_of(desk, signed.user, sent.get("place", ""))
    return RedirectResponse(back_to(link, id, sent.get("from", "")), 303)


@pages.get("/messages/{id}/html/{part}")
async def html_part(request: Request, id: Id, part: str, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The HTML of one part, sanitised, for the sandboxed frame of a message's page."""
    explained = await desk.explained(signed.user, id, "HTML")
    names = await names_of(desk, signed.user, explained.trace)

    def clean() -> str | None:
        add_named_people(names, explained)
        for each in explained.parts():
            if each.number == part and each.media_type == "text/html":
                return shown_html(to_text(each.data), names.hide)
        return None

    fragment = await asyncio.to_thread(clean)
    if fragment is None:
        raise not_found()
    response = shown.page(request, "html_part.html", signed, fragment=fragment)
    response.headers["Content-Security-Policy"] = MESSAGE_CONTENT_POLICY
    return response


@pages.get("/messages/{id}/picture/{part}")
async def picture(id: Id, part: str, signed: Signed, desk: TheDesk) -> Response:
    """One picture of a message."""
    explained = await desk.explained(signed.user, id, "picture")
    for each in await asyncio.to_thread(explained.parts):
        if each.number == part and (kind := picture_type(each)):
            return Response(each.data, media_type=kind, headers={"Content-Security-Policy": MESSAGE_CONTENT_POLICY})
    raise not_found()


@pages.get("/messages/{id}/source")
async def source(request: Request, id: Id, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The bytes of a message as text."""
    await need_names(desk, signed.user, await desk.find(signed.user, id))
    explained = await desk.explained(signed.user, id, "source")
    text = explained.content[:_SOURCE].decode("utf-8", "replace").replace("\r\n", "\n")
    return shown.page(
        request, "source.html", signed, trace=explained.trace, text=text, cut=len(explained.content) > _SOURCE
    )


@pages.get("/delivered")
async def delivered(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """What was delivered and is listed to be looked at."""
    lists = {
        name: [
            (
                names.listed(each),
                names.person(each.trace.sender),
                [names.person(to.address) for to in each.trace.recipients[:6]],
            )
            for each in (await desk.noticed(signed.user, action, days=_LIST_DAYS)).items
            for names in (names_in_list(desk, signed.user, each.trace),)
        ]
        for name, action in (("late", "hold"), ("flagged", "flag"), ("help", "alert"))
    }
    return shown.page(request, "delivered.html", signed, lists=lists, days=_LIST_DAYS)


@pages.get("/trace")
async def trace_form(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The form: where is my message."""
    await desk.need(signed.user, Right.TRACE)
    return shown.page(request, "trace.html", signed, found=None, asked="", hides=desk.hides(signed.user))


@pages.post("/trace")
async def trace(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """Where messages are; asked by a form, so that no address is in a URL."""
    asked = clean_text(sent.get("asked", ""), 1000)
    found: Sequence[Trace] = []
    if "@" in asked and not asked.startswith("<"):
        refuse_search(desk, signed.user)
        found = (await desk.traces(signed.user, address=asked)).items
    if not found and asked:
        found = (await desk.traces(signed.user, message_id=asked)).items
        if not found and not asked.startswith("<"):
            found = (await desk.traces(signed.user, message_id=f"<{asked}>")).items
    if not found and MESSAGE_ID.fullmatch(asked):
        found = (await desk.traces(signed.user, id_=asked)).items
    if not found and " " in asked:
        refuse_search(desk, signed.user)
        found = await _of_people(desk, signed.user, asked)
    told = [names_in_list(desk, signed.user, each).trace(each) for each in found]
    return shown.page(request, "trace.html", signed, found=told, asked=asked, hides=desk.hides(signed.user))


async def _of_people(desk: Desk, user: User, name: str) -> list[Trace]:
    """Messages of everybody whom a full name may mean, the newest first."""
    people = desk.register.namesakes(name)[:_NAMESAKES]
    addresses = {each for who in people for each in (who.address, *desk.register.addresses_of(who.id)) if each}
    found = {each.id: each for address in sorted(addresses)
             for each in (await desk.traces(user, address=address)).items}  # fmt: skip
    return sorted(found.values(), key=lambda each: (each.received_at, each.id), reverse=True)[:_FOUND]


@pages.get("/audit")
async def audit(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The audit log, the newest first."""
    await desk.need(signed.user, Right.AUDIT)
    text = request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 1 << 60
    rows_ = await readable(desk, signed.user, await desk.store.newest_acts(before, _ACTS))
    older = rows_[-1].number if len(rows_) == _ACTS and rows_[-1].number > 1 else None
    return shown.page(request, "audit.html", signed, rows=rows_, older=older)


@pages.post("/sign-out")
async def sign_out(request: Request, signed: Signed, sent: Sent) -> Response:
    """End the session."""
    door: Authenticator = request.app.state.door
    await door.sign_out(request, signed.user)
    response = RedirectResponse("/sign-in", 303)
    door.forget(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
