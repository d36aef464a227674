"""The page of a message, its conversation, its parts and its source."""

from __future__ import annotations

import asyncio
from html import escape

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.auth.authorization import CONFLICT
from gateway.console.messages.message_page import message_page_values
from gateway.console.messages.service import parse_place
from gateway.console.messages.view import add_named_people, picture_type
from gateway.console.queue.navigation import LISTS, return_url
from gateway.console.web.deps import (
    FlashDep,
    MaskingDep,
    MessageId,
    MessagesDep,
    NamesDep,
    NavigationDep,
    NowDep,
    PagesDep,
    Sent,
    ServicesDep,
    Signed,
)
from gateway.console.web.errors import not_found
from gateway.console.web.forms import clean_text
from gateway.console.web.middleware import MESSAGE_CONTENT_POLICY

message_pages = APIRouter(include_in_schema=False)

_MAX_SOURCE = 256 << 10


@message_pages.get("/messages/{id}")
async def message(
    request: Request, id: MessageId, signed: Signed, pages: PagesDep, services: ServicesDep, messages: MessagesDep,
    masking: MaskingDep, navigation: NavigationDep, flash: FlashDep, now: NowDep,
) -> Response:  # fmt: skip
    """Everything that is needed to decide on a message; without content for roles that see none."""
    user = signed.user
    trace = await messages.trace(user, id)
    if not await messages.may_read(user, trace):
        names = await masking.names_of(user, trace)
        history = await messages.history(user, trace)
        return pages.page(
            request, "where.html", signed, trace=names.trace(messages.visible_facts(user, trace)),
            history=list(map(names.audit_entry, history)),
            conflict=CONFLICT if messages.has_conflict(user, trace) else "",
        )  # fmt: skip
    reading = await messages.reading(user, id)
    name = request.query_params.get("list", "")
    return pages.page(
        request, "message.html", signed, now=now, **await message_page_values(services, user, reading, now),
        list_name=name if name in LISTS else "", list_path=LISTS.get(name, "/"),
        link=await navigation.clean(user, request.url.query),
        flash=await flash.of(user, request.query_params.get("done", "")),
    )  # fmt: skip


@message_pages.get("/messages/{id}/conversation")
async def conversation(
    request: Request, id: MessageId, signed: Signed, pages: PagesDep, messages: MessagesDep, access: NamesDep,
    navigation: NavigationDep,
) -> Response:  # fmt: skip
    """The next part of the conversation around a message, on one side."""
    query = request.query_params
    place = parse_place(query.get("before") or query.get("after") or "")
    part = await messages.conversation(signed.user, id, place, earlier="before" in query)
    names = add_named_people(await access.names_of(signed.user, part.detail.trace), part.detail, part.messages)
    return pages.page(
        request, "conversation.html", signed, id=id, ends=part.ends,
        conversation=[(names.conversation_message(message), names.person(message.sender)) for message in part.messages],
        link=await navigation.clean(signed.user, request.url.query),
    )  # fmt: skip


@message_pages.post("/messages/{id}/names")
async def reveal_names(
    id: MessageId, signed: Signed, sent: Sent, access: NamesDep, navigation: NavigationDep
) -> Response:  # fmt: skip
    """Reveal the names of a message, with a reason."""
    await access.reveal(signed.user, id, clean_text(sent.get("reason", "")))
    link = await navigation.clean(signed.user, sent.get("place", ""))
    return RedirectResponse(return_url(link, id, sent.get("from", "")), 303)


@message_pages.get("/messages/{id}/html/{part}")
async def html_part(
    request: Request, id: MessageId, part: str, signed: Signed, pages: PagesDep, messages: MessagesDep,
    access: NamesDep,
) -> Response:  # fmt: skip
    """The HTML of one part, sanitized, for the sandboxed frame of the message's page."""
    detail = await messages.read(signed.user, id, "HTML")
    names = await access.names_of(signed.user, detail.trace)
    found = [one for one in (await messages.with_parts(detail)).parts() if one.number == part]
    if not found or found[0].media_type != "text/html":
        raise not_found()
    pieces = await messages.html(found[0].data)

    def mask() -> str:
        add_named_people(names, detail)
        return "".join(markup + escape(names.hide(text)) for markup, text in pieces)

    fragment = await asyncio.to_thread(mask)
    response = pages.page(request, "html_part.html", signed, fragment=fragment)
    response.headers["Content-Security-Policy"] = MESSAGE_CONTENT_POLICY
    return response


@message_pages.get("/messages/{id}/picture/{part}")
async def picture(id: MessageId, part: str, signed: Signed, messages: MessagesDep) -> Response:
    """One picture of a message."""
    detail = await messages.read(signed.user, id, "picture")
    for candidate in (await messages.with_parts(detail)).parts():
        if candidate.number == part and (media_type := picture_type(candidate)):
            headers = {"Content-Security-Policy": MESSAGE_CONTENT_POLICY}
            return Response(candidate.data, media_type=media_type, headers=headers)
    raise not_found()


@message_pages.get("/messages/{id}/source")
async def source(
    request: Request, id: MessageId, signed: Signed, pages: PagesDep, messages: MessagesDep, access: NamesDep
) -> Response:
    """The bytes of a message as text."""
    await access.require_names(signed.user, id)
    detail = await messages.read(signed.user, id, "source")
    text = detail.content[:_MAX_SOURCE].decode("utf-8", "replace").replace("\r\n", "\n")
    cut = len(detail.content) > _MAX_SOURCE
    return pages.page(request, "source.html", signed, trace=detail.trace, text=text, cut=cut)
