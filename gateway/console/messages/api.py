"""The API of messages: their state, content, names and conversation; lists of delivered and decided messages."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import JSONResponse

from gateway.console.messages import schemas
from gateway.console.messages.attachments import NO_FILE
from gateway.console.messages.reveal_names import NameAccess
from gateway.console.messages.view import add_named_people
from gateway.console.web.api_deps import (
    CHANGE_PROBLEMS,
    DEFAULT_LIMIT,
    Cursor,
    IdempotencyKey,
    Limit,
    Reader,
    api_router,
    decode_cursor,
    decode_position,
    encode_cursor,
    problems,
)
from gateway.console.web.deps import IdempotencyDep, ListsDep, MessageId, MessagesDep, NamesDep
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text
from gateway.console.web.pagination import ListPage
from gateway.core.accounts.account import User
from gateway.core.messages.verdict import Span
from gateway.core.review.json_rows import trace_row
from gateway.core.review.pseudonyms import MaskedText
from gateway.core.review.views import ListedMessage
from gateway.core.serialization.json_fields import rfc3339

message_api = api_router()

_LIST_DAYS = 30


@message_api.get(
    "/messages/{id}", response_model=schemas.MessageRow, responses=problems(404),
    summary="One message without its content",
)  # fmt: skip
async def message(messages: MessagesDep, access: NamesDep, user: Reader, id: MessageId) -> dict[str, object]:
    trace = await messages.trace(user, id)
    names = await access.names_of(user, trace)
    subject = None
    if (detail := await messages.read_subject(user, trace)) is not None:
        subject = add_named_people(names, detail).hide(detail.header.subject)
    notes = await messages.notes(user, trace)
    trace = names.trace(messages.visible_facts(user, trace))
    return {
        **trace_row(trace),
        "received_at": rfc3339(trace.received_at),
        "due_at": _earliest([to.due_at for to in trace.recipients if to.state == "held"]),
        "reasons": list(trace.reasons),
        "subject": subject,
        "notes": [{"clause": note.clause, "text": note.text, "flags": note.flags} for note in notes],
        "decisions": [
            {
                "recipient": recipient.address,
                "by": recipient.decided_by,
                "state": recipient.state,
                "at": rfc3339(recipient.at if recipient.decided_at is None else recipient.decided_at),
            }
            for recipient in trace.recipients
            if recipient.decided_by
        ],
    }


@message_api.get(
    "/messages/{id}/content", response_model=schemas.ContentRow, responses=problems(404),
    summary="What a message says; the view is in the audit log",
)  # fmt: skip
async def content(messages: MessagesDep, access: NamesDep, user: Reader, id: MessageId) -> dict[str, object]:
    detail = await messages.read(user, id, "content by the API")
    names = add_named_people(await access.names_of(user, detail.trace), detail)
    parts, files = await messages.parts(detail)
    texts = {"subject": names.mask(detail.header.subject)}
    texts |= {part.number: names.mask(part.text or files.get(part.number, NO_FILE).text) for part in parts}
    verdict = detail.verdict
    return {
        "id": id,
        "subject": texts["subject"].text,
        "parts": [
            {
                "part": part.number, "media_type": part.media_type, "filename": names.hide(part.filename),
                "text": texts[part.number].text, "size": len(part.data),
                "failed": list(files.get(part.number, NO_FILE).failed),
            }
            for part in parts
        ],
        "findings": [
            {
                "clause": finding.clause, "score": finding.score, "by": finding.by, "cue": names.hide(finding.cue),
                "quoted": finding.quoted, "about": names.name_of(finding.about) if finding.about else "",
                "spans": [_span(span, texts.get(span.part, _NO_TEXT)) for span in finding.spans],
            }
            for finding in (verdict.findings if verdict else ())
        ],
        "model": verdict.model if verdict else None,
        "policy": detail.policy,
        "available": bool(detail.content),
    }  # fmt: skip


_NO_TEXT = MaskedText("")


def _span(span: Span, text: MaskedText) -> dict[str, object]:
    start, end = text.map_span(span.start, span.end)
    return {"part": span.part, "start": start, "end": end}


@message_api.post(
    "/messages/{id}/names", response_model=schemas.RevealedRow, responses=CHANGE_PROBLEMS,
    summary="Reveal the names of a message, if names are hidden; the reason is in the audit log",
)  # fmt: skip
async def names(
    access: NamesDep, idempotency: IdempotencyDep, user: Reader, id: MessageId, body: schemas.RevealBody,
    key: IdempotencyKey = None,
) -> JSONResponse:  # fmt: skip
    """To the account of this token, for an hour."""

    async def act() -> dict[str, object]:
        await access.reveal(user, id, clean_text(body.reason))
        return {"id": id, "names": "open"}

    return await idempotency.run_json(user, key, ["names", id, body.reason], act)


@message_api.get(
    "/messages/{id}/conversation", response_model=schemas.ConversationPage, responses=problems(404),
    summary="The conversation around a message, over all channels; the view is in the audit log",
)  # fmt: skip
async def conversation(
    messages: MessagesDep,
    access: NamesDep,
    user: Reader,
    id: MessageId,
    cursor: Annotated[str | None, Query(max_length=300, description="`earlier` or `later` of an answer before")] = None,
) -> dict[str, object]:
    """Eight messages before it and after it; with a cursor, the next thirty on one side."""
    beyond, earlier = None, True
    if cursor is not None:
        side, at, last = decode_cursor(cursor, str, float, str)
        if side not in ("earlier", "later"):
            raise Problem(422, "This is not the cursor of a conversation.")
        beyond, earlier = (at, last), side == "earlier"
    part = await messages.conversation(user, id, beyond, earlier=earlier)
    names = add_named_people(await access.names_of(user, part.detail.trace), part.detail, part.messages)
    before, after = part.ends
    return {
        "items": [
            {
                "id": shown.id, "channel": shown.channel, "sender": shown.sender,
                "recipients": list(shown.recipients), "at": rfc3339(shown.at), "subject": shown.subject,
                "excerpt": shown.excerpt, "states": list(shown.states),
            }
            for shown in map(names.conversation_message, part.messages)
        ],
        "earlier": encode_cursor("earlier", *before) if before else None,
        "later": encode_cursor("later", *after) if after else None,
        "next": None,
    }  # fmt: skip


@message_api.get("/delivered", response_model=schemas.MessageList, summary="Delivered messages that need a look")
async def delivered(
    lists: ListsDep,
    access: NamesDep,
    user: Reader,
    kind: Annotated[
        Literal["flagged", "late"], Query(description="late: delivered before a verdict that would have held it")
    ] = "flagged",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> dict[str, object]:
    action, before = "hold" if kind == "late" else "flag", decode_position(cursor)
    return _list(access, user, await lists.delivered(user, action, days=_LIST_DAYS, limit=limit, before=before))


@message_api.get("/decided", response_model=schemas.MessageList, summary="What people decided recently")
async def decided(
    lists: ListsDep, access: NamesDep, user: Reader, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:
    before = decode_position(cursor)
    return _list(access, user, await lists.decided(user, days=_LIST_DAYS, limit=limit, before=before))


def _list(access: NameAccess, user: User, page: ListPage[ListedMessage]) -> dict[str, object]:
    masked = [access.names_in_list(user, message.trace).listed(message) for message in page.items]
    rows = [
        {**trace_row(message.trace), "subject": message.subject, "decided_at": rfc3339(message.decided_at)}
        for message in masked
    ]
    return {"items": rows, "next": encode_cursor(*page.next) if page.next else None}


def _earliest(times: list[float | None]) -> str | None:
    known = [time for time in times if time is not None]
    return rfc3339(min(known)) if known else None
